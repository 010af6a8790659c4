#!/bin/sh
# systemctl without systemd. The network is the machine's own: what is there to restart are the kernel's settings for it.
# Other services are run by their scripts in /etc/init.d, if they have one, else as their unit files say in the main.
verb=
units=
now=
for word in "$@"; do
  case "$word" in
  --now) now=1 ;;
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

# The values of a key in the unit's file.
get() {
  sed -n "s/^$1=//p" "$file"
}

find_unit() {
  for folder in /etc/systemd/system /run/systemd/system /usr/local/lib/systemd/system /lib/systemd/system /usr/lib/systemd/system; do
    file=$folder/$unit.service
    [ -f "$file" ] && return 0
  done
  echo "Unit $unit.service could not be found." >&2
  return 5
}

pid_file=/run/services
is_active() {
  if [ -x "/etc/init.d/$unit" ]; then
    "/etc/init.d/$unit" status >/dev/null 2>&1
  else
    [ -f "$pid_file/$unit" ] && kill -0 "$(cat "$pid_file/$unit")" 2>/dev/null
  fi
}

# Runs a line of the unit with its environment, folder and user.
run_line() {
  get EnvironmentFile >"$pid_file/.files"
  get Environment >"$pid_file/.variables"
  (
    while read -r line; do set -a; [ -f "${line#-}" ] && . "${line#-}"; set +a; done <"$pid_file/.files"
    while read -r line; do eval "export $line"; done <"$pid_file/.variables"
    cd "$(get WorkingDirectory | tail -n 1 | grep . || echo /)" || exit 200
    line=$(printf '%s' "$1" | sed 's/^[-@:+!]*//')
    user=$(get User | tail -n 1)
    if [ -n "$user" ]; then
      exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups sh -c "exec $line"
    fi
    exec sh -c "exec $line"
  )
}

start_unit() {
  is_active && return 0
  mkdir -p "$pid_file"
  get ExecStartPre >"$pid_file/.pre"
  while read -r line; do run_line "$line" </dev/null || return 1; done <"$pid_file/.pre"
  line=$(get ExecStart | tail -n 1)
  case "$(get Type):$(get Restart)" in
  oneshot:* | forking:*) run_line "$line" ;;
  *:always* | *:on-failure*)
    # In a file of its own, so that nobody who looks for the service's name (pkill -f) finds what keeps it.
    cat >"$pid_file/.again" <<'END'
while :; do
  (eval "exec $SERVICE_LINE") && [ "$SERVICE_RESTART" = on-failure ] && exit
  sleep "$SERVICE_PAUSE"
done
END
    SERVICE_LINE=$(printf '%s' "$line" | sed 's/^[-@:+!]*//')
    SERVICE_RESTART=$(get Restart)
    SERVICE_PAUSE=$(get RestartSec | tr -cd '0-9' | grep . || echo 0.1)
    export SERVICE_LINE SERVICE_RESTART SERVICE_PAUSE
    run_line "sh $pid_file/.again" </dev/null >>"/var/log/$unit.log" 2>&1 &
    echo $! >"$pid_file/$unit"
    ;;
  *)
    run_line "$line" </dev/null >>"/var/log/$unit.log" 2>&1 &
    echo $! >"$pid_file/$unit"
    ;;
  esac
}

# Whoever started it, and what that started.
end_all() {
  for child in $(ps -o pid= --ppid "$1"); do end_all "$child"; done
  kill "$1" 2>/dev/null
}

stop_unit() {
  if is_active; then
    end_all "$(cat "$pid_file/$unit")"
  elif [ -n "$(get PIDFile)" ]; then
    kill "$(cat "$(get PIDFile)")" 2>/dev/null
  fi
  rm -f "$pid_file/$unit"
}

unit_does() {
  find_unit || return $?
  case "$1" in
  start) start_unit ;;
  stop) stop_unit ;;
  restart | try-restart | reload-or-restart) stop_unit; start_unit ;;
  reload) kill -HUP "$(cat "$pid_file/$unit")" ;;
  status) if is_active; then echo "$unit: active (running)"; else echo "$unit: inactive (dead)"; return 3; fi ;;
  esac
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
  *:start | *:stop | *:restart | *:reload | *:status | *:try-restart | *:reload-or-restart)
    if [ -x "/etc/init.d/$unit" ]; then
      "/etc/init.d/$unit" "$verb" || status=$?
    else
      unit_does "$verb" || status=$?
    fi
    ;;
  *:is-active) if is_active; then echo active; else echo inactive; status=3; fi ;;
  *:enable | *:disable)
    # It needs no systemd for that: links say what starts at boot.
    /usr/bin/systemctl "$verb" "$unit" || status=$?
    if [ -n "$now" ]; then
      if [ "$verb" = enable ]; then "$0" start "$unit" || status=$?; else "$0" stop "$unit" || status=$?; fi
    fi
    ;;
  *) exec /usr/bin/systemctl "$@" ;;
  esac
done
exit $status
