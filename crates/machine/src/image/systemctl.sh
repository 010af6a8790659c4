#!/bin/sh
# systemctl without systemd. The network is the machine's own: what is there to restart are the kernel's settings for it.
# Other services are run by their scripts in /etc/init.d, if they have one.
verb=
units=
for word in "$@"; do
  case "$word" in
  -*) ;;
  *) if [ -z "$verb" ]; then verb=$word; else units="$units ${word%.service}"; fi ;;
  esac
done

settings() {
  for file in /etc/sysctl.d/*.conf /etc/sysctl.conf; do
    [ -f "$file" ] && sysctl -q -e -p "$file"
  done
  return 0
}

if [ "$verb" = daemon-reload ]; then exit 0; fi
if [ -z "$units" ]; then exec /usr/bin/systemctl "$@"; fi
status=0
for unit in $units; do
  case "$unit:$verb" in
  network:* | networking:* | NetworkManager:* | systemd-networkd:* | systemd-sysctl:*)
    case "$verb" in
    start | restart | reload | try-restart | reload-or-restart) settings || status=1 ;;
    is-active) echo active ;;
    *) echo "systemctl: $unit is the machine's own and cannot $verb" >&2; status=1 ;;
    esac
    ;;
  *:start | *:stop | *:restart | *:reload | *:status | *:try-restart)
    if [ -x "/etc/init.d/$unit" ]; then
      "/etc/init.d/$unit" "$verb" || status=$?
    else
      exec /usr/bin/systemctl "$@"
    fi
    ;;
  *) exec /usr/bin/systemctl "$@" ;;
  esac
done
exit $status
