"""Errors before the first byte."""

from __future__ import annotations

import json
import re

import pytest

from sandbox.web.api.problems import CATALOGUE, Problem, retry_later


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_problem_has_a_stable_code_an_english_title_and_a_korean_detail(code: str) -> None:
    response = Problem(code).response()
    document = json.loads(bytes(response.body))
    assert response.headers["content-type"] == "application/problem+json"
    assert document["code"] == code
    assert document["status"] == response.status_code
    assert re.fullmatch("[a-z-]+", code)
    assert document["title"].isascii()
    assert re.search("[가-힣].*요[.]$", document["detail"])


def test_a_problem_that_passes_says_when_to_come_again() -> None:
    response = retry_later("full", 3, position=7).response()
    assert response.headers["retry-after"] == "3"
    assert json.loads(bytes(response.body))["position"] == 7
