"""What one receiver may be asked to take."""

from foretell.loops.receivers import FAILURES_MAX, PAUSE_SECONDS, RECEIVERS_MAX, WAITING_MAX, Receivers


class Hours:
    """A clock that stands still until it is told otherwise."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_receiver_that_fails_again_and_again_is_left_alone_for_a_while() -> None:
    clock = Hours()
    receiver = Receivers(clock).of("https://example.com/hook")
    for _ in range(FAILURES_MAX):
        assert receiver.takes_more
        receiver.note(succeeded=False)
    assert receiver.is_paused
    assert not receiver.takes_more
    clock.now += PAUSE_SECONDS
    assert receiver.takes_more
    receiver.note(succeeded=False)
    assert receiver.is_paused


def test_one_success_clears_a_receivers_name() -> None:
    receiver = Receivers(Hours()).of("https://example.com/hook")
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            receiver.note(succeeded=False)
        receiver.note(succeeded=True)
    assert receiver.takes_more


def test_a_receiver_with_a_long_queue_takes_no_more() -> None:
    receiver = Receivers(Hours()).of("https://example.com/hook")
    receiver.waiting = WAITING_MAX
    assert not receiver.takes_more
    assert not receiver.is_paused


def test_a_receiver_is_its_host_and_port() -> None:
    receivers = Receivers(Hours())
    assert receivers.of("https://Example.com/a?b") is receivers.of("http://example.com/c")
    assert receivers.of("https://example.com/a") is not receivers.of("https://example.com:8443/a")


def test_receivers_of_whom_nothing_is_known_are_forgotten_when_there_are_many() -> None:
    receivers = Receivers(Hours())
    failing = receivers.of("https://failing.example")
    failing.note(succeeded=False)
    fine = receivers.of("https://fine.example")
    for number in range(RECEIVERS_MAX):
        receivers.of(f"https://{number}.example")
    assert receivers.of("https://failing.example") is failing
    assert receivers.of("https://fine.example") is not fine
