// Which word of a docker command line is what.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anatomy } from "../../../demos/src/docker_run/assets/anatomy.js";

/** The words of a line, each with its part. @param {string} line */
const parts = line => anatomy(line).filter(([kind]) => kind).map(([kind, text]) => `${kind} ${text}`);

test("a run has its verb, options with their values, an image and a CMD", () => {
  assert.deepEqual(parts("docker run --rm --memory 64m -e A=1 alpine ls -l"), [
    "verb docker run", "option --rm", "option --memory", "option 64m", "option -e", "option A=1", "image alpine", "cmd ls", "cmd -l",
  ]);
});

test("an option that needs no value, or has it already, takes no word after it", () => {
  for (const option of ["--rm", "-it", "--init", "--memory=64m", "-e=A"]) {
    assert.deepEqual(parts(`docker run ${option} alpine ls`).slice(1), [`option ${option}`, "image alpine", "cmd ls"], option);
  }
});

test("what a shell takes as one word is one", () => {
  assert.deepEqual(parts("docker run alpine sh -c 'echo \"a b\"; ls' \"c d\" e\\ f").slice(2), ["cmd sh", "cmd -c", "cmd 'echo \"a b\"; ls'", 'cmd "c d"', "cmd e\\ f"]);
  assert.deepEqual(parts("docker run alpine echo 'not closed").at(-1), "cmd 'not closed");
});

test("other verbs have theirs, and a line that is none of docker's has no parts", () => {
  assert.deepEqual(parts("docker pull greeter:1"), ["verb docker pull", "image greeter:1"]);
  assert.deepEqual(parts("docker container run alpine"), ["verb docker container run", "image alpine"]);
  assert.deepEqual(parts("docker images"), ["verb docker images"]);
  for (const line of ["", "dokcer run alpine", "docker", "run alpine"]) assert.deepEqual(parts(line), [], line);
});

test("the pieces together are the line, whatever it is", () => {
  for (const line of ["docker run  alpine   ls ", " docker run -", "docker run 'a", "docker run --memory", "x y", "docker run \\", "한글 docker"]) {
    assert.equal(anatomy(line).map(([, text]) => text).join(""), line);
  }
});
