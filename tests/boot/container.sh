#!/bin/bash
# Boots this machine's own systemd as PID 1 of a container and runs a command there as a service:
#
#   container.sh OUT TREE COMMAND [ARGUMENT]...
#
# The container's root is an overlay of this machine's: what it writes is gone with it. TREE is
# copied over it before the boot; OUT is its /out, on this machine's disk. The command's standard
# output and error go to OUT/stdout and OUT/stderr, the journal, when it has ended, to OUT/journal.
# Nothing that is enabled on this machine starts in the container, and its network is a loopback of
# its own. The exit status is the command's; 77 with a line why where no container can be booted;
# 124 or 137 when it took longer than BOOT_LIMIT (120) seconds. BOOT_CGROUP=v2 tries what happens
# without v1's controllers.
#
# Needs root, util-linux and systemd: no systemd-nspawn, which shows its container no controller of
# cgroup v1, and so enforces no MemoryMax= where those of v2 are not to be had.
set -eu
self=$(realpath "$0")
systemd=/lib/systemd/systemd

cannot()
{
        echo "no container can be booted here: $*" >&2
        exit 77
}

# Under which group of each hierarchy the container is to live: a line "DIRECTORY OPTIONS PATH"
# each. With a memory controller of v1 these are all there are; else that of v2 alone, and there
# the nearest group above our own that hands the memory controller down, if any does.
hierarchies()
{
        if [ "$BOOT_CGROUP" = v1 ]; then
                while IFS=: read -r id controllers path; do
                        case $id,$controllers in
                        0,*) echo "unified - $path" ;;
                        *,name=systemd) echo "systemd none,name=systemd $path" ;;
                        *,name=*) ;;
                        *) echo "$controllers $controllers $path" ;;
                        esac
                done
        else
                sed -n 's/^0::/unified - /p'
        fi </proc/self/cgroup
}

# First: a mount namespace, so that no mount outlives the container.
check_and_hold()
{
        [ $# -ge 3 ] || {
                echo "usage: container.sh OUT TREE COMMAND [ARGUMENT]..." >&2
                exit 2
        }
        [ "$(id -u)" = 0 ] || cannot "that needs root"
        [ -x $systemd ] || cannot "there is no $systemd"
        BOOT_OUT=$(realpath "$1")
        BOOT_TREE=$(realpath "$2")
        shift 2
        if ! grep -q '^[1-9][0-9]*:\([^:]*,\)\?memory[,:]' /proc/self/cgroup; then
                BOOT_CGROUP=v2
        fi
        BOOT_CGROUP=${BOOT_CGROUP:-v1}
        export BOOT_OUT BOOT_TREE BOOT_CGROUP
        unshare --mount --pid --fork --uts --ipc --net --cgroup true 2>/dev/null ||
                cannot "new namespaces are refused"
        BOOT_STAGE=hold exec unshare --mount --propagation private "$BASH" "$self" "$@"
}

# Second: the groups, and the wait; this process stays behind to clean up.
hold()
{
        BOOT_BASE=$(mktemp -d)
        export BOOT_BASE
        child=
        groups=()
        trap clean_up EXIT
        trap 'exit 1' HUP INT TERM
        mount -t tmpfs -o mode=755 tmpfs "$BOOT_BASE" || cannot "mounts are refused"
        mkdir "$BOOT_BASE"/{root,up,work}
        mount -t overlay -o "lowerdir=/,upperdir=$BOOT_BASE/up,workdir=$BOOT_BASE/work" \
                overlay "$BOOT_BASE/root" || cannot "no overlay of / can be mounted"

        while read -r name options path; do
                at=$BOOT_BASE/cgroup/$name
                mkdir -p "$at"
                if [ "$options" = - ]; then
                        mount -t cgroup2 cgroup2 "$at" || cannot "no cgroup2"
                        while [ "$BOOT_CGROUP" = v2 ] && [ "$path" ] &&
                                ! grep -qsw memory "$at$path/cgroup.subtree_control"; do
                                path=${path%/*}
                        done
                else
                        mount -t cgroup -o "$options" cgroup "$at" || cannot "no cgroup $options"
                fi
                group=$at${path%/}/chatarchived-boot-$$
                mkdir "$group" || cannot "$group cannot be made"
                groups+=("$group")
                # A group of v1's cpuset takes nobody in before it has these.
                for file in cpuset.cpus cpuset.mems; do
                        [ "$options" = - ] || [ ! -e "$group/$file" ] ||
                                cat "${group%/*}/$file" >"$group/$file"
                done
        done < <(hierarchies)
        printf '%s\n' "${groups[@]}" >"$BOOT_BASE/groups"

        BOOT_STAGE='join' timeout -k 0.5 "${BOOT_LIMIT:-120}" \
                unshare --mount --pid --fork --kill-child --uts --ipc --net \
                --propagation private "$BASH" "$self" "$@" </dev/null &
        child=$!
        status=0
        wait $child 2>/dev/null || status=$?
        child=
        exit $status
}

# Also of a container half made. What was killed is not gone at once, and its group stays busy.
clean_up()
{
        trap '' HUP INT TERM
        if [ "$child" ]; then
                kill "$child" 2>/dev/null || :
                wait "$child" 2>/dev/null || :
        fi
        for group in "${groups[@]}"; do
                for _ in {1..100}; do
                        find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
                        [ -d "$group" ] || break
                        sleep 0.05
                done
                [ ! -d "$group" ] || echo "$group is still there" >&2
        done
        umount -l "$BOOT_BASE" 2>/dev/null || :
        rmdir "$BOOT_BASE"
}

# Third, the container's first process: into the groups, which become the roots it can see. (In
# v2 nobody else may be in that root, or no controller is handed down from it.)
join()
{
        while read -r group; do
                echo 0 >"$group/cgroup.procs"
        done <"$BOOT_BASE/groups"
        BOOT_STAGE=boot exec unshare --cgroup "$BASH" "$self" "$@"
}

quoted()
{
        local word
        for word; do
                word=${word//\\/\\\\}
                word=${word//\"/\\\"}
                word=${word//%/%%}
                printf ' "%s"' "${word//\$/\$\$}"
        done
}

# Fourth: the root, and systemd.
boot()
{
        root=$BOOT_BASE/root
        tar -C "$BOOT_TREE" -c . | tar -C "$root" -x --keep-directory-symlink --no-overwrite-dir
        rm -rf "$root"/etc/systemd/system/*.{wants,requires} "$root"/etc/{fstab,crypttab} \
                "$root"/var/log/journal
        : >"$root/etc/machine-id"
        mkdir -p "$root/out"
        mount --bind "$BOOT_OUT" "$root/out"
        cat >"$root/etc/systemd/system/boot-test.service" <<EOF
[Unit]
Description=The test inside
SuccessAction=exit-force
FailureAction=exit-force

[Service]
Type=oneshot
ExecStart=$(quoted "$@")
ExecStopPost=/bin/sh -c "journalctl -b --no-pager >/out/journal"
StandardOutput=file:/out/stdout
StandardError=file:/out/stderr
TimeoutStartSec=infinity
EOF
        cat >"$root/etc/systemd/system/boot-test.target" <<EOF
[Unit]
Requires=basic.target
Wants=boot-test.service
EOF

        mount -t proc proc "$root/proc"
        mount -t sysfs -o ro sysfs "$root/sys"
        # What is in there is the whole machine's.
        for file in sys sysrq-trigger; do
                [ -e "$root/proc/$file" ] || continue
                mount --bind "$root/proc/$file" "$root/proc/$file"
                mount -o remount,bind,ro "$root/proc/$file"
        done
        mount -t tmpfs -o mode=755 tmpfs "$root/run"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        mount -t tmpfs -o mode=755 tmpfs "$root/dev"
        for node in null zero full random urandom tty; do
                : >"$root/dev/$node"
                mount --bind "/dev/$node" "$root/dev/$node"
        done
        mkdir "$root"/dev/{pts,shm}
        mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        ln -s pts/ptmx "$root/dev/ptmx"
        ln -s /proc/self/fd "$root/dev/fd"

        # As in a container's PID 1 these words count as the kernel's command line. systemd since
        # 256 wants to be asked twice for v1.
        words=(systemd.unified_cgroup_hierarchy=1)
        [ "$BOOT_CGROUP" = v2 ] ||
                words=(systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1)
        # Over the root of this mount namespace, which is not ours where this machine is a chroot
        # itself: nothing in a chroot may have PrivateUsers=. To enter the namespace that one is
        # in already leads to its root.
        mount --make-rshared "$root"
        exec env -i container=other TERM=linux PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                nsenter --mount=/proc/self/ns/mnt --wd="$root" \
                sh -c 'mount --move . / && exec chroot . "$@"' sh \
                setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio \
                $systemd --system --unit=boot-test.target --show-status=no "${words[@]}"
}

case ${BOOT_STAGE:-} in
'') check_and_hold "$@" ;;
*) $BOOT_STAGE "$@" ;;
esac
