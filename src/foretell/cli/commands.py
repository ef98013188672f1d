"""Every subcommand of `foretell`."""

import typer

from foretell import __version__
from foretell.build import is_compiled
from foretell.cli import (
    accounts,
    audit,
    checking,
    connecting,
    credits,
    dashboard,
    keeping,
    keys,
    models,
    nodes,
    predictions,
    retention,
    running,
    serving,
    webhooks,
)

app = typer.Typer(
    name="foretell",
    help="A predictions platform that runs on your own machine.",
    epilog="Start with 'foretell serve', then 'foretell run truefusion -i prompt=\"a red fox\"'.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"foretell {__version__}{' (compiled)' if is_compiled() else ''}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


serving.add_to(app)
running.add_to(app)
dashboard.add_to(app)
checking.add_to(app)
keeping.add_to(app)
retention.add_to(keys.app)
audit.add_to(app)
credits.add_to(app)
connecting.add_to(models.app)
app.add_typer(
    models.app, name="models", help="The models this server knows, and what they need on this machine."
)
app.add_typer(predictions.app, name="predictions", help="Look at predictions, cancel them, delete them.")
app.add_typer(accounts.app, name="accounts", help="Who may call.")
app.add_typer(keys.app, name="keys", help="API keys of an account.")
app.add_typer(nodes.app, name="nodes", help="What runs models, what runs there, and letting it stop.")
app.add_typer(webhooks.app, name="webhooks", help="What receivers were told, and a receiver to try.")
