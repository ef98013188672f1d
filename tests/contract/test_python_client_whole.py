"""The official Python client, unmodified: every call there is, in each of its spellings."""

import asyncio
from typing import Any

import pytest
import skytells
from skytells import AsyncSkytellsClient, ClientOptions, SkytellsClient

from servers import KEY, Foretell, until

FOX = {"prompt": "a fox", "width": 64, "height": 64}
ENDED = {"succeeded", "failed", "cancelled"}


def clients(base_url: str) -> dict[str, SkytellsClient]:
    """Each way to say where the server is."""
    return {
        "argument": SkytellsClient(KEY, base_url=base_url),
        "dictionary": SkytellsClient(KEY, options={"base_url": base_url}),
        "options": SkytellsClient(KEY, options=ClientOptions(base_url=base_url)),
        "function": skytells.Skytells(KEY, base_url=base_url),
    }


@pytest.mark.parametrize("way", ["argument", "dictionary", "options", "function"])
def test_each_way_to_name_the_server_is_understood(server: Foretell, way: str) -> None:
    client = clients(f"{server.address}/v1")[way]
    assert client.run("echo", input={"prompt": "hi"}).output == "hi"


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_the_short_names_do_what_the_long_ones_do(client: SkytellsClient) -> None:
    made = client.predict({"model": "echo", "input": {"prompt": "hi"}, "await": True})
    assert client.get_prediction(made["id"]) == client.predictions.get(made["id"])
    assert client.list_predictions(1).data[0]["id"] == made["id"]
    assert client.get_model("truefusion") == client.models.get("truefusion")
    assert client.list_models() == client.models.list()


def test_a_prediction_deletes_and_cancels_itself(client: SkytellsClient) -> None:
    assert client.run("truefusion", input=FOX).delete()["success"] is True
    ended = client.run("echo", input={"prompt": "hi"})
    with pytest.raises(skytells.SkytellsError) as caught:
        ended.cancel()
    assert (caught.value.error_id, caught.value.http_status) == ("INVALID_REQUEST", 409)


def test_a_canceled_run_is_returned_and_does_not_raise(client: SkytellsClient) -> None:
    made = client.predictions.create({"model": "slow", "input": {"seconds": 600}})
    client.cancel_prediction(made["id"])
    assert client.wait(made, {"interval": 50, "max_wait": 10_000})["status"] == "cancelled"


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")
def test_the_async_client_makes_every_call(server: Foretell) -> None:
    async def course() -> dict[str, Any]:
        client = AsyncSkytellsClient(KEY, base_url=f"{server.address}/v1")
        models, model = await asyncio.gather(client.list_models(), client.get_model("echo"))
        assert model in models
        made = await client.predict({"model": "slow", "input": {"seconds": 600}})
        assert (await client.stream_prediction(made["id"]))["id"] == made["id"]
        assert (await client.cancel_prediction(made["id"]))["status"] == "cancelled"
        assert (await client.wait(made, {"interval": 50}))["status"] in ENDED
        assert (await client.list_predictions()).data[0]["id"] == made["id"]
        assert (await client.delete_prediction(made["id"]))["success"] is True
        return made

    made = asyncio.run(course())
    gone = SkytellsClient(KEY, base_url=f"{server.address}/v1")
    with pytest.raises(skytells.SkytellsError):
        gone.predictions.get(made["id"])


def test_a_text_is_there_in_part_while_it_is_made(client: SkytellsClient) -> None:
    made = client.predictions.create({"model": "slow", "input": {"seconds": 1.5}})

    def partly() -> str | None:
        found = client.predictions.get(made["id"])
        return found["output"] if found["status"] == "processing" else None

    assert until(partly, about="a part of the text").startswith("0.1 s\n")
    assert client.wait(made, {"interval": 100})["output"].endswith("done\n")
