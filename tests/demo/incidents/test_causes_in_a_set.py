"""The drills that need a replica set: another member takes over, and a member that is missing."""

from collections.abc import Iterator

import pytest
from helpers.drilled import assert_traces, traces_at_rest
from helpers.waiting import wait_until

from perftui.demo.incidents.catalogue import incident_named
from perftui.demo.incidents.incident import healthy_options
from perftui.demo.incidents.scene import Scene
from perftui.demo.session import DemoOptions, DemoSession

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def session() -> Iterator[DemoSession]:
    given = healthy_options(DemoOptions(documents=1_000, rate_per_s=5.0))
    with DemoSession(incident_named("step-down").options(given)) as found:
        yield found


def test_the_demo_runs_on_a_replica_set_of_three(session: DemoSession) -> None:
    with session.mongod.client() as client:

        def roles() -> list[str]:
            members = client.admin.command("replSetGetStatus")["members"]
            return sorted(one["stateStr"] for one in members)

        wait_until(lambda: roles() == ["PRIMARY", "SECONDARY", "SECONDARY"])
    assert session.mongodb_uri.count("127.0.0.1") == 3


def test_the_primary_steps_down_and_is_elected_again(session: DemoSession) -> None:
    before, incident, scene = traces_at_rest(session), incident_named("step-down"), Scene(session)
    try:
        incident.start(scene)
        assert not session.members[0].is_primary()
        wait_until(lambda: any(one.is_primary() for one in session.members[1:]), timeout_s=60.0)
    finally:
        incident.stop(scene)
        scene.close()
    assert_traces(session, before, timeout_s=60.0)


def test_an_index_build_waits_for_the_member_that_is_down(session: DemoSession) -> None:
    before, incident, scene = traces_at_rest(session), incident_named("hung-build"), Scene(session)
    try:
        incident.start(scene)
        assert not session.members[-1].running
        with session.mongod.client(appname="perftui-demo") as client:

            def waits() -> bool:
                builds = client.admin.command("serverStatus")["activeIndexBuilds"]
                return bool(builds["phases"]["waitForCommitQuorum"] == 1)

            wait_until(waits, timeout_s=60.0)
    finally:
        scene.end_workers()
        incident.stop(scene)
        scene.close()
    assert_traces(session, before, timeout_s=60.0)
