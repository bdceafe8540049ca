"""Finds the docker command in what people paste: terminal sessions, Markdown, lines that PowerShell or cmd continue.

The page has the same for its field in demos/src/docker_run/assets/rare/pasted.js: both are tested on the same cases.
Every pattern is looked for once from left to right, so the time grows with the length only.
"""

from __future__ import annotations

import re

# how the prompts of shells end: sh, root, zsh, PowerShell and cmd, fish and the frames of themes; a Markdown span and
# a notebook's cell begin alike
_ENDS = r"[$#%>❯➜➤→⟩»›λ▶─`!\ue0b0-\ue0bf]"
# some themes have the sign in front, and folders after it
_PROMPT = rf"(?P<prompt>[^➜❯\n]*[➜❯].*?[ \t]|.*?{_ENDS}[ \t\xa0]*)"
# what a list and a shell's history number their lines with
_LISTED = r"[ \t]*(?:(?:[-*+•]|\d+[.)])[ \t]+)?|[ \t]+\d+\*?[ \t]{2}(?:[\d-]{10} [\d:]{8} )?"
# programs that start others, and variables for them
_BEFORE = r"(?:(?:sudo|time|winpty|nohup|env|exec)[ \t]+(?:-\S{1,40}[ \t]+){0,4}|[A-Za-z_]\w{0,40}=\S{0,80}[ \t]+){0,4}"
_LINE = rf"(?:{_LISTED}|{_PROMPT})(?P<command>{_BEFORE}docker(?:\.exe)?[ \t\xa0])"
_START = re.compile(rf"^(?![ \t]*#){_LINE}", re.MULTILINE)
# a # alone is the prompt of root, or begins a comment: it is a prompt where there is no other line
_ROOT = re.compile(rf"^{_LINE}", re.MULTILINE)
# what continues a line: in POSIX shells, PowerShell and cmd
_SIGN = r"(?:\\|(?<=[ \t])[`^])"
# up to the end of the line, or of a later one where a quote or a continuation leads there
_COMMAND = re.compile(rf"""(?:{_SIGN}[ \t]*\n|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|[^\n'"\\])*[^\n]*""", re.DOTALL)
_TAG = re.compile(r"<[a-z][^<>]*>$")
# what a shell writes in front of a continued line
_MORE = re.compile(r"\n(?:(?:d?quote|pipe|cmd\w*)?>{1,2}|More\?) ?")
_FLAT = re.compile(
    rf"""(?P<kept>'[^']*'?|"(?:[^"\\]|\\.)*"?|\\\S)|(?<![ \t])[ \t]*(?:{_SIGN}[ \t]*)?\n\s*""", re.DOTALL
)
# what is no continuation to a POSIX shell and was meant as one: another shell's, or a backslash with blanks behind it
_CONTINUED = re.compile(
    r"""(?P<kept>'[^']*'?|"(?:[^"\\]|\\.)*"?|\\[^ \t\r])|(?:(?<=[ \t])[`^][ \t\r]*|\\[ \t\r]+)\n[ \t]*(?=\S)""",
    re.DOTALL,
)


def command(text: str) -> str | None:
    """Return the first docker command in a text, without the prompt in front of it and what is around it, its
    continued lines joined and its quoted ones kept; None where there is none."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _START.search(text) or _ROOT.search(text)
    if found is None:
        return None
    rest, prompt = text[found.start("command") :], found["prompt"] or ""
    if "`" in prompt:
        rest = rest.partition("`")[0]
    elif _TAG.search(prompt):
        rest = rest.partition("</")[0]
    elif prompt:
        rest = _MORE.sub("\n", rest)
    whole = _COMMAND.match(rest)
    return flat(whole[0] if whole else rest)


def flat(text: str) -> str:
    """Return a command on one line, but for the lines inside its quotes."""
    return _FLAT.sub(lambda found: found["kept"] or " ", text).strip()


def continued(line: str) -> str:
    """Return `line` with the continuations of PowerShell and cmd, and those with stray blanks, joined as a shell joins
    its own."""
    return _CONTINUED.sub(lambda found: found["kept"] or "", line) if "\n" in line else line
