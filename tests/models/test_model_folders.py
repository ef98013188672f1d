"""The built-in model folders agree with each other and say what a person needs to know."""

from collections import defaultdict

import pytest

from foretell import catalog
from foretell.model import Version

VERSIONS = [catalog.read_folder(folder, created_at=0) for folder in catalog.built_in()]
EVERY = [*VERSIONS, *catalog.sandbox()]


def test_all_models_ask_for_the_same_version_of_each_package() -> None:
    asked = defaultdict(set)
    for version in VERSIONS:
        for requirement in version.manifest.requirements:
            package, _, number = requirement.partition("==")
            asked[package].add(number)
    assert {package: numbers for package, numbers in asked.items() if len(numbers) > 1} == {}
    assert "" not in set().union(*asked.values()), "every requirement is pinned"


@pytest.mark.parametrize("version", EVERY, ids=lambda version: version.model)
def test_a_model_says_what_it_does_under_which_licence_and_what_each_input_means(version: Version) -> None:
    manifest = version.manifest
    assert len(manifest.description) > 40
    assert manifest.license
    assert manifest.capabilities
    for name, about in version.input_schema["properties"].items():
        assert about.get("description"), name


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.model)
def test_weights_say_how_large_they_are(version: Version) -> None:
    assert all(weight.size_bytes > 0 for weight in version.manifest.weights)


def test_only_those_that_check_others_are_hidden() -> None:
    assert [version.model for version in VERSIONS if version.manifest.hidden] == ["moderation", "safety"]


def test_the_models_that_talk_are_moderated() -> None:
    assert [version.model for version in VERSIONS if version.manifest.moderated] == ["deepbrain"]
