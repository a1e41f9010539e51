#!/bin/bash
# The units, installed below a root of their own and looked at by systemd's own tools; the message
# catalog against the identities in the code; and that uninstalling takes all of it away.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd) || exit 99
builddir=$(cd "${builddir:-$srcdir}" && pwd) || exit 99

for tool in systemd-analyze systemd-sysusers journalctl; do
        command -v $tool >/dev/null || {
                echo "1..0 # SKIP no $tool here"
                exit 0
        }
done

root=$(mktemp -d) && root=$(realpath "$root") || exit 99
trap 'rm -rf "$root"' EXIT
# A make above this one is none of our business.
unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR

count=0
# What a check has to say is in $said; it is good if that is empty.
check()
{
        count=$((count + 1))
        if [ "$said" ]; then
                echo "${said//$'\n'/$'\n'# }" | sed '1s/^/# /'
                echo "not ok $count - $1"
        else
                echo "ok $count - $1"
        fi
}

# Where things go is asked of the Makefile, so that this holds for any configuration.
directory()
{
        make -s -C "$builddir" -f Makefile -f - said <<<$'said:\n\t@echo "$('"$1"')"'
}

units=$(directory systemdsystemunitdir) presets=$(directory systemdsystempresetdir)
users=$(directory sysusersdir) catalogs=$(directory catalogdir)
sbin=$(directory sbindir) bin=$(directory bindir) conf=$(directory confdir)
all='chatarchived.service chatarchived@.service chatarchived-verify.service
        chatarchived-verify@.service chatarchived-verify.timer chatarchived-verify@.timer'

install()
{
        make -s -C "$builddir" install DESTDIR="$root" >"$root.log" 2>&1 || tail -n 5 "$root.log"
        rm -f "$root.log"
}

said=$(install)
for f in "$sbin/chatarchived" "$bin/chatarchivectl" "$conf/chatarchived.conf" \
        "$conf/chatarchived.conf.d" "$presets/90-chatarchived.preset" \
        "$users/chatarchived.conf" "$catalogs/chatarchived.catalog"; do
        [ -e "$root$f" ] || said+="$f is not there"$'\n'
done
for u in $all; do
        [ -e "$root$units/$u" ] || said+="$units/$u is not there"$'\n'
done
check 'make install puts the programs, the configuration and all of systemd/ in place'

said=$(cd "$root$units" && grep -n '@[a-z]*@' $all)
for u in chatarchived chatarchived@; do
        grep -q "^ExecStart=$sbin/chatarchived\( \|$\)" "$root$units/$u.service" ||
                said+="$u.service does not start $sbin/chatarchived"
        grep -q "^LoadCredential=api-key:$conf/" "$root$units/$u.service" ||
                said+="$u.service takes its key from elsewhere than $conf"
done
for u in chatarchived-verify chatarchived-verify@; do
        grep -q "^ExecStart=$bin/chatarchivectl " "$root$units/$u.service" ||
                said+="$u.service does not start $bin/chatarchivectl"
done
check 'nothing in the units is left to be filled in'

# One sandbox for all; what only one of two twins has would be an oversight.
twins()
{
        diff <(grep -v '^#' "$root$units/$1.service" | grep -Ev "$2") \
                <(grep -v '^#' "$root$units/$1@.service" | grep -Ev "$2")
}
own='^(Description|Environment|ExecStart|LoadCredential|StateDirectory|AssertPathExists)='
said=$(twins chatarchived "$own|^ReadWritePaths=-"; twins chatarchived-verify "$own")
check 'an instance differs from its plain unit only in name, key, configuration and directory'

said=
plain=$(sed -n 's/^StateDirectory=//p' "$root$units/chatarchived.service")
instance=$(sed -n 's/^StateDirectory=//p' "$root$units/chatarchived@.service")
[ "$plain" = chatarchived ] || said+="the plain unit has StateDirectory=$plain"$'\n'
case $instance in
*%i*) ;;
*) said+="instances share $instance"$'\n' ;;
esac
case $instance in
"$plain" | "$plain"/*) said+="$instance is, or is in, the plain unit's archive"$'\n' ;;
esac
for u in chatarchived@ chatarchived-verify@; do
        grep -Fqx "Environment=CHATARCHIVED_DIRECTORY=%S/$instance" "$root$units/$u.service" ||
                said+="$u.service does not look into $instance"$'\n'
        grep -Fq -- '--directory=${CHATARCHIVED_DIRECTORY}' "$root$units/$u.service" ||
                said+="$u.service does not pass its directory on"$'\n'
done
check "each instance has an archive of its own, outside the plain unit's"

# With the units of this system beside them, and in a root of their own, systemd finds what ours
# name, and no other unit of this machine can spoil it. The programs are those just installed.
said=$(
        here=$root/usr/local/lib/systemd/system
        mkdir -p "$here" "$root/usr/lib/systemd/system" "$root/bin"
        cp -RPn /usr/lib/systemd/system/. "$root/usr/lib/systemd/system/"
        # With a prefix of its own they lie where systemd does not look.
        [ "$units" = "${here#"$root"}" ] || cp "$root$units"/chatarchived* "$here/" 2>&1
        cp /bin/sh "$root/bin/" 2>&1
        for u in $all; do
                systemd-analyze verify --man=no --root="$root" "${u/@./@name.}" 2>&1 ||
                        echo "$u: systemd-analyze verify says no"
        done
)
check 'systemd-analyze verify has nothing to say'

# --threshold: in tenths.
secure()
{
        systemd-analyze security --offline=yes --no-pager --threshold="$1" \
                "$root$units/$2" >"$root/score" 2>&1 || tail -n 1 "$root/score"
}
said=$(secure 12 chatarchived.service; secure 12 chatarchived@.service)
check "systemd-analyze security gives the daemon's units 1.2 or better"
said=$(secure 4 chatarchived-verify.service; secure 4 chatarchived-verify@.service)
check 'systemd-analyze security gives the verify units less than 0.5'

said=$(
        sed -n 's/^enable/a preset enables/p' "$root$presets/90-chatarchived.preset"
        for u in $all; do
                grep -q '^\[Install\]' "$root$units/$u" || continue
                grep -qx "disable $u" "$root$presets/90-chatarchived.preset" ||
                        echo "no preset for $u"
        done
)
check 'the presets name each unit that can be enabled, and enable none'

said=$(
        mkdir -p "$root/users/etc"
        systemd-sysusers --root="$root/users" "$root$users/chatarchived.conf" 2>&1 |
                grep -v '^Creating '
        name=$(sed -n 's/^User=//p' "$root$units/chatarchived.service")
        grep -q "^$name:.*:/usr/sbin/nologin$" "$root/users/etc/passwd" ||
                echo "there is no user $name that cannot log in"
)
check "systemd-sysusers makes the units' user"

catalog=$root$catalogs/chatarchived.catalog
said=$(diff <(grep -ow '[0-9a-f]\{32\}' "$srcdir/daemon/run/message.h" | sort) \
        <(sed -n 's/^-- //p' "$catalog" | sort))
check 'the catalog has a paragraph for each MESSAGE_ID of the code, and no other'

said=$(awk '
        function done() {
                if (id && (!subject || !by || !doc || text < 3))
                        print id ": no Subject, Defined-By, Documentation or text"
        }
        /^-- / { done(); id = $2; subject = by = doc = text = body = 0; next }
        /^#/ { next }
        length > 80 { print FILENAME ":" FNR ": over 80 columns" }
        /^$/ { body = 1; next }
        body { text++; next }
        /^Subject: ./ { subject = 1 }
        /^Defined-By: chatarchived$/ { by = 1 }
        /^Documentation: man:chatarchive/ { doc = 1 }
        END { done() }' "$catalog")
check 'each paragraph of the catalog says what, by whom, where to read on, and what to do'

said=$(
        mkdir -p "$root/journal/usr/lib/systemd/catalog"
        cp "$catalog" "$root/journal/usr/lib/systemd/catalog/"
        journalctl --root="$root/journal" --update-catalog 2>&1
        diff <(sed -n 's/^-- //p' "$catalog" | sort) \
                <(journalctl --root="$root/journal" --list-catalog | cut -d ' ' -f 1 | sort)
)
check 'journalctl compiles the catalog, and finds all of it again'

# Only fields that are there are replaced; another one would stand in the text by its name.
said=$(
        grep -o '@[A-Z_]*@' "$catalog" | sort -u | tr -d @ | while read -r field; do
                [ "$field" = _SYSTEMD_UNIT ] || grep -q "\"$field\"" "$srcdir"/daemon/run/*.c ||
                        echo "the daemon sends no $field="
        done
)
check 'the catalog shows no field that the daemon does not send'

# Again, into a root where nothing else is; with a key, and a configuration that a person changed.
rm -rf "${root:?}"/*
said=$(install)
: >"$root$conf/api-key"
echo '# ours' >>"$root$conf/chatarchived.conf"
said+=$(
        install
        make -s -C "$builddir" uninstall DESTDIR="$root" >/dev/null 2>&1 || echo 'uninstall failed'
        diff <(printf '%s\n' "$conf/api-key" "$conf/chatarchived.conf") \
                <(cd "$root" && find . ! -type d | sed 's/^\.//' | sort)
        tail -n 1 "$root$conf/chatarchived.conf" | grep -v '^# ours$'
)
check 'make uninstall leaves what a person wrote, and nothing else'

rm -rf "${root:?}"/*
said=$(
        install
        make -s -C "$builddir" uninstall DESTDIR="$root" >/dev/null 2>&1 || echo 'uninstall failed'
        find "$root" ! -type d
        [ ! -e "$root$conf" ] || echo "$conf is still there"
)
check 'make uninstall takes away all that make install brought'

echo "1..$count"
