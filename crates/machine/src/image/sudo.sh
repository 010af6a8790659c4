#!/bin/sh
# sudo for an image whose host has none: su, which trusts the group wheel here, does the work.
# It knows the options that people use: -n -E -H -S -i -s -k -v -l, -u USER, --, and VARIABLE=value before the command.
user=root
login=
while [ $# -gt 0 ]; do
    case "$1" in
        -u | --user) user=$2; shift 2 ;;
        -u*) user=${1#-u}; shift ;;
        -i | --login) login=-l; shift ;;
        -n | -E | -H | -S | -s | -k | --non-interactive | --preserve-env | --set-home | --shell) shift ;;
        -v | --validate) exit 0 ;;
        -l | --list) echo "    (ALL) NOPASSWD: ALL"; exit 0 ;;
        --) shift; break ;;
        -*) echo "sudo: the option $1 is not known to this image's sudo" >&2; exit 1 ;;
        *) break ;;
    esac
done
if [ $# -eq 0 ]; then
    exec su $login "$user"
fi
line=
for word in "$@"; do
    line="$line '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"
done
PATH=/opt/kogumo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
case "$1" in *=*) line="env $line" ;; esac
exec su $login -s /bin/sh "$user" -c "exec $line"
