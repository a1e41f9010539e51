"""Disks: one whose log is written (nbdkit with disk.c, nbdfuse, a loop device, ext4), and images that
are mounted after a cut. All of it in the mount and process namespaces of its own that enter() makes:
however the program ends, no mount, no loop device and no process is left."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import BUILD, Failed

PLUGIN = os.path.join(BUILD, "tests/fault/power/disk.so")
PROGRAMS = ("nbdkit", "nbdfuse", "mkfs.ext4", "e2fsck", "mount", "umount", "unshare")
INSIDE = "POWER_INSIDE"
MEGABYTES = 16


class Cannot(Exception):
    """No such disk can be had here: why."""


def run(*line, good=(0,)):
    done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode not in good:
        raise Failed(f"{' '.join(line)}: {done.stdout.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def enter():
    """This program again, in namespaces of its own; then, what the kernel's devices need."""
    if os.environ.get(INSIDE):
        return _furnish()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    if os.geteuid() != 0:
        raise Cannot("only root may mount a disk")
    for program in PROGRAMS:
        if not shutil.which(program):
            raise Cannot(f"there is no {program}")
    if not os.path.exists(PLUGIN):
        raise Cannot("configure found no nbdkit-plugin.h")
    unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
               "--propagation", "private"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode:
        raise Cannot("new namespaces are refused")
    sys.stdout.flush()
    os.environ[INSIDE] = "1"
    os.execvp("unshare", unshare + [sys.executable, "-B", *sys.argv])


def _furnish():
    """/run is the journal's place, and in memory: what a sync of these files costs is not asked here."""
    try:
        run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
        if not (os.path.exists("/dev/fuse") and os.path.exists("/dev/loop-control")):
            run("mount", "-t", "devtmpfs", "devtmpfs", "/dev")
        tempfile.tempdir = "/run"
        probe = make(os.path.join("/run", "probe"))
        os.mkdir("/run/mounted")
        with Mounted(probe, "/run/mounted"):
            pass
        os.unlink(probe)
    except Failed as failure:
        raise Cannot(str(failure)) from failure


def make(path, *options):
    """An empty ext4."""
    with open(path, "wb") as file:
        file.truncate(MEGABYTES << 20)
    # All of it now: a kernel that zeroes the rest later writes all the time.
    run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", *options, path)
    return path


class Device:
    """The image as a disk whose log is written, mounted."""

    def __init__(self, place, image, log, options=()):
        self.name = os.path.join(place.path, "nbd")
        self.place = os.path.join(place.path, "disk")
        for path in (self.name, self.place):
            os.makedirs(path, exist_ok=True)
        self.process = subprocess.Popen(["nbdfuse", "-s", self.name, "[", "nbdkit",
                                         "--exit-with-parent", PLUGIN, f"image={image}",
                                         f"log={log}", "]"], stdin=subprocess.DEVNULL)
        while not os.path.exists(self.name + "/nbd"):
            if self.process.poll() is not None:
                raise Failed("nbdfuse does not start")
            time.sleep(0.005)
        run("mount", "-t", "ext4", "-o", ",".join(("loop", *options)), self.name + "/nbd",
            self.place)

    def close(self):
        run("umount", self.place)
        run("umount", self.name)
        self.process.wait()


class Mounted:
    """An image that is mounted for a while."""

    def __init__(self, image, place, options=()):
        self.image, self.place, self.options = image, place, options

    def __enter__(self):
        run("mount", "-t", "ext4", "-o", ",".join(("loop", *self.options)), self.image, self.place)
        return self.place

    def __exit__(self, *_):
        run("umount", self.place)
