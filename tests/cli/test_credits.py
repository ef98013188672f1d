"""Credits and usage by commands, on a real server."""

from pathlib import Path

from servers import KEY, foretell, running

OPTIONS = ("--sandbox", "--port", "0", "--key", KEY)
PRICES = {"FORETELL_PRICES": "echo = { amount = 1 }"}
ECHO = {"model": "echo", "input": {"prompt": "once"}}


def test_commands_add_cap_and_show_credits_and_usage(tmp_path: Path) -> None:
    with running(tmp_path, *OPTIONS, **PRICES) as server:
        foretell("accounts", "create", "shop", data=tmp_path)
        key = foretell("keys", "create", "till", "--account", "shop", data=tmp_path).stdout.strip()
        added = foretell("credits", "add", "shop", "2.5", "--note", "invoice 17", data=tmp_path)
        assert "'shop' can spend 2.5 credits;" in added.stdout
        assert foretell("credits", "add", "shop", "-0.5", data=tmp_path).returncode == 0
        with server.client(key) as client:
            codes = [client.post("/v1/predict", json=ECHO | {"await": True}).status_code for _ in range(3)]
        assert codes == [200, 200, 402]
        shown = foretell("credits", "show", "shop", data=tmp_path).stdout
        assert "invoice 17" in shown
        assert "2 were spent" in shown
        capped = foretell("credits", "cap", "shop", "--month", "7", data=tmp_path)
        assert "in a month 7 credits" in capped.stderr
        assert "any amount" in foretell("credits", "unlimited", "shop", data=tmp_path).stdout
        used = foretell("usage", "--account", "shop", "--by", "model", data=tmp_path).stdout
        assert "In all: 2 predictions, 2 credits." in used
        wrong = foretell("credits", "add", "nobody", "1", data=tmp_path)
        assert (wrong.returncode, "There is no account 'nobody'." in wrong.stderr) == (1, True)
