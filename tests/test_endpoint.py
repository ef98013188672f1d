"""An endpoint that does nothing but fail is left alone, and one that fails now and then is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.endpoint import FAILURES_MIN, SECOND, Endpoint, EndpointState, Patience, endpoint_of

PATIENCE = Patience(deaths_max=5, failing_seconds_max=86_400)
HOUR = 3_600 * SECOND


def failing(times: int, *, every: int, is_death: bool = False, patience: Patience = PATIENCE) -> Endpoint:
    found = endpoint_of("ann", "https://shop.example/hook")
    for number in range(times):
        found = found.after_failure(number * every, is_death=is_death, patience=patience)
    return found


def test_five_deliveries_given_up_in_a_row_pause_it() -> None:
    assert failing(4, every=HOUR, is_death=True).state is EndpointState.FAILING
    paused = failing(5, every=HOUR, is_death=True)
    assert (paused.state, paused.paused_at) == (EndpointState.PAUSED, 4 * HOUR)
    assert paused.reason == "Deliveries given up in a row: 5."


def test_a_day_of_nothing_but_failures_pauses_it() -> None:
    assert failing(24, every=HOUR).state is EndpointState.FAILING
    paused = failing(25, every=HOUR)
    assert (paused.state, paused.reason) == (EndpointState.PAUSED, "It has only failed for 24.0 hours.")
    assert paused.probe_at == 25 * HOUR


def test_a_few_failures_far_apart_do_not_pause_it() -> None:
    assert failing(FAILURES_MIN - 1, every=48 * HOUR).state is EndpointState.FAILING


def test_one_success_wipes_the_slate() -> None:
    found = failing(24, every=HOUR).after_success(24 * HOUR)
    assert (found.state, found.failures, found.deaths) == (EndpointState.ACTIVE, 0, 0)
    assert found.succeeded_at == 24 * HOUR
    again = found.after_failure(25 * HOUR, is_death=False, patience=PATIENCE)
    assert again.failing_since_at == 25 * HOUR


def test_patience_without_an_end_never_pauses_it() -> None:
    endless = Patience(deaths_max=0, failing_seconds_max=0)
    assert failing(1_000, every=HOUR, is_death=True, patience=endless).state is EndpointState.FAILING


def test_what_is_paused_stays_so_with_its_first_reason() -> None:
    paused = failing(5, every=HOUR, is_death=True)
    later = paused.after_failure(9 * HOUR, is_death=True, patience=PATIENCE)
    assert (later.paused_at, later.reason) == (paused.paused_at, paused.reason)
    assert later.failures == 6


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hook",
        "https://shop.example/hook?job=1",
        "https://shop.example/hook#part",
        "HTTPS://Shop.Example/hook?a=/b://c",
    ],
)
def test_what_differs_from_one_delivery_to_the_next_is_the_same_endpoint(url: str) -> None:
    assert endpoint_of("ann", url) == endpoint_of("ann", "https://shop.example/hook")


def test_other_paths_ports_and_accounts_are_other_endpoints() -> None:
    urls = ["https://a.example/", "https://a.example/x", "https://a.example:444/", "http://a.example/"]
    found = {endpoint_of(account, url).id for account in ("ann", "ben") for url in urls}
    assert len(found) == 8
    assert endpoint_of("ann", "https://a.example").id in found


@given(st.text())
def test_no_url_is_too_strange_to_have_an_endpoint(url: str) -> None:
    assert len(endpoint_of("ann", url.encode("utf-8", "ignore").decode()).id) == 32
