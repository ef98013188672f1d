"""What a run is charged is what was measured of it, at the price of the moment it was created in."""

import base64
import struct
import zlib
from dataclasses import replace
from decimal import Decimal

import pytest

from foretell.prediction import Prediction, Status
from foretell.pricing import Pricing
from node.places import Place, until

pytestmark = pytest.mark.anyio

PICTURES = """
import base64
class Predictor(BasePredictor):
    def predict(self, data: str, count: int = 2) -> list[Path]:
        paths = [Path(f"picture-{number}.png") for number in range(count)]
        for path in paths:
            path.write_bytes(base64.b64decode(data))
        self.record_metric("image_count", 99)
        return paths
"""
SOUND = """
import wave
class Predictor(BasePredictor):
    def predict(self, seconds: float) -> Path:
        path = Path("tone.wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8_000)
            file.writeframes(bytes(2 * int(8_000 * seconds)))
        return path
"""
TOKENS = """
class Predictor(BasePredictor):
    def predict(self) -> str:
        self.record_metric("tokens_in", 1_000)
        self.record_metric("tokens_out", 2_000)
        return "words"
"""
WORKS = """
class Predictor(BasePredictor):
    def predict(self, flag: str) -> str:
        self.record_metric("tokens_out", 7)
        open(flag, "w").close()
        while True:
            time.sleep(0.01)
"""
FAILS = """
class Predictor(BasePredictor):
    def predict(self) -> str:
        time.sleep(0.05)
        raise ValueError("no")
"""
FORMULA = """
[pricing]
amount = 0.5
unit = "million_token"
[[pricing.formula.terms]]
variable = "tokens_in"
amount = 0.50
per = 1_000_000
[[pricing.formula.terms]]
variable = "tokens_out"
amount = 1.25
per = 1_000_000
"""


def price(amount: str, unit: str) -> str:
    return f'\n[pricing]\namount = {amount}\nunit = "{unit}"\n'


def png(width: int, height: int) -> str:
    """A real picture of that size, in base64."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(width)) * height)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return base64.b64encode(whole).decode()


async def test_pictures_are_counted_by_the_server_and_not_by_the_model(here: Place) -> None:
    found = await here.run(
        await here.model(PICTURES, settings=price("0.03", "image")), data=png(8, 8), count=3
    )
    assert (found.metrics["image_count"], found.cost_nanocredits) == (3, 90_000_000)


async def test_megapixels_are_those_of_the_pictures_themselves(here: Place) -> None:
    version = await here.model(PICTURES, settings=price("0.02", "image_megapixel"))
    found = await here.run(version, data=png(640, 480))
    assert found.metrics["megapixels"] == 2 * 640 * 480 / 1e6
    assert found.cost_nanocredits == 12_288_000


async def test_a_file_that_only_looks_like_a_picture_has_no_pixels(here: Place) -> None:
    version = await here.model(PICTURES, settings=price("0.02", "image_megapixel"))
    broken = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 9).decode()
    found = await here.run(version, data=broken)
    assert (found.status, found.cost_nanocredits) == (Status.SUCCEEDED, 0)


async def test_seconds_of_sound_are_read_from_the_recording(here: Place) -> None:
    found = await here.run(await here.model(SOUND, settings=price("0.1", "audio_second")), seconds=2.5)
    assert (found.metrics["audio_seconds"], found.cost_nanocredits) == (2.5, 250_000_000)


async def test_words_read_and_words_written_cost_what_the_formula_says(here: Place) -> None:
    found = await here.run(await here.model(TOKENS, settings=FORMULA))
    assert found.cost_nanocredits == 500_000 + 2_500_000


async def test_time_costs_as_long_as_the_run_was(here: Place) -> None:
    found = await here.run(await here.model(TOKENS, settings=price("1", "computing_second")))
    assert found.cost_nanocredits == round(found.metrics["predict_time"] * 10**9) > 0


async def test_a_failure_is_free(here: Place) -> None:
    for unit in ("computing_second", "prediction"):
        found = await here.run(await here.model(FAILS, settings=price("1", unit)))
        assert (found.status, found.cost_nanocredits) == (Status.FAILED, 0)


async def test_a_new_price_is_not_that_of_what_was_created_before(here: Place) -> None:
    version = await here.model(TOKENS, settings=price("0.25", "prediction"))
    created = await here.create(version)
    await until(lambda: here.store.get(created))
    dear = replace(version, manifest=replace(version.manifest, pricing=Pricing(amount=Decimal(9))))
    await here.store.register(dear)
    assert (await here.ended(created)).cost_nanocredits == 250_000_000
    assert (await here.run(dear)).cost_nanocredits == 9_000_000_000


async def test_a_price_that_comes_after_the_create_charges_nothing(here: Place) -> None:
    version = await here.model(WORKS)
    flag = here.folders / "flag"
    created = await here.create(version, flag=str(flag))
    await until(flag.exists)
    dear = replace(version.manifest, pricing=Pricing(amount=Decimal(9), unit="computing_second"))
    await here.store.register(replace(version, manifest=dear))
    await here.store.cancel(created, account_id=None)
    assert (await stopped(here, created)).cost_nanocredits == 0


@pytest.mark.parametrize("unit", ["computing_second", "token", "prediction"])
async def test_a_cancel_in_the_middle_costs_the_time_and_the_tokens_alone(here: Place, unit: str) -> None:
    flag = here.folders / "flag"
    created = await here.create(await here.model(WORKS, settings=price("1", unit)), flag=str(flag))
    await until(flag.exists)
    await here.store.cancel(created, account_id=None)
    found = await stopped(here, created)
    assert found.status is Status.CANCELED
    expected = {
        "computing_second": round(found.metrics["predict_time"] * 10**9),
        "token": 7 * 10**9,
        "prediction": 0,
    }
    assert found.cost_nanocredits == expected[unit]
    assert found.metrics["predict_time"] > 0


async def test_a_cancel_before_the_run_has_begun_is_free(here: Place) -> None:
    flag = here.folders / "flag"
    version = await here.model(WORKS, settings=price("1", "computing_second"))
    first = await here.create(version, flag=str(flag))
    await until(flag.exists)
    waiting = await here.create(version, flag=str(flag))
    await here.store.cancel(waiting, account_id=None)
    await here.store.cancel(first, account_id=None)
    await stopped(here, first)
    found = await here.ended(waiting)
    assert (found.status, found.cost_nanocredits) == (Status.CANCELED, 0)


async def test_what_is_deleted_in_the_middle_is_charged_on_its_tombstone(here: Place) -> None:
    flag = here.folders / "flag"
    version = await here.model(WORKS, settings=price("1", "computing_second"))
    created = await here.create(version, flag=str(flag))
    await until(flag.exists)
    await here.store.delete(created, account_id=None)

    async def charged() -> Prediction | None:
        found = await here.store.get(created, deleted=True)
        return found if found and found.cost_nanocredits else None

    assert (await until(charged)).status is Status.CANCELED


async def stopped(here: Place, prediction_id: str) -> Prediction:
    """The prediction once it is written down how it was stopped."""

    async def look() -> Prediction | None:
        found = await here.store.get(prediction_id)
        return found if found and "stop_seconds" in found.metadata else None

    found: Prediction = await until(look)
    return found
