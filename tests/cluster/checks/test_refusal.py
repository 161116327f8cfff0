# SPDX-License-Identifier: Apache-2.0
"""A machine on which a cluster cannot be is told what it lacks, and is not changed."""
import os

import pytest

from machine import CLUSTER, PROGRAM, changed, folders, run


def refusal(*before):
    """What `up` says in an environment that lacks something."""
    listing = folders()
    result = run([*before, PROGRAM, "up", "refused"], check=False)
    assert result.returncode == 1
    assert not changed(listing)
    return result.stderr


def in_private_mounts(change):
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", f'{change} && exec "$@"', "sh"]


def test_who_is_not_root():
    assert "must be root" in run(["setpriv", "--reuid", "65534", CLUSTER / "up"], check=False).stderr


def test_a_missing_program_is_named_with_its_package():
    said = refusal(*in_private_mounts("mount --bind /dev/null /usr/sbin/runc"))
    assert "the program runc, of the package runc" in said


def test_missing_controllers_are_named():
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        hide = "echo cpu io pids > /run/controllers.test && mount --bind /run/controllers.test /sys/fs/cgroup/cgroup.controllers; rm /run/controllers.test"
        missing = "version 2 lack the controllers: cpuset, memory"
    else:
        hide = "umount /sys/fs/cgroup/memory /sys/fs/cgroup/pids"
        missing = "version 1 lack the controllers: memory, pids"
    assert missing in refusal(*in_private_mounts(hide))


def test_no_control_groups_at_all():
    assert "no control groups are mounted" in refusal(*in_private_mounts("umount -R /sys/fs/cgroup"))


@pytest.mark.parametrize("capability, said", [
    ("sys_admin", "the permission to make namespaces"),
    ("net_admin", "veth"),
])
def test_missing_permissions(capability, said):
    drop = f"-{capability}"
    assert said in refusal("setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}")


def test_a_name_that_cannot_be():
    for name in ("UPPER", "a-b", "../x", "12345678901234"):
        result = run([PROGRAM, "up", name], check=False)
        assert result.returncode == 1 and "cluster name" in result.stderr
