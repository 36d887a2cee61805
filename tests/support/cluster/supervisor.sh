# Starts the programs of one test cluster and makes sure that none outlives the test process.
#
# The test process holds the other end of stdin. However it ends (return, panic, exit, kill -9), that
# pipe closes; everything started here is then killed, youngest first, so that the API server goes
# before etcd, and the cluster's folder is removed (all but the logs if it holds a file called `keep`).
# Nothing in there is worth a graceful end.
#
# $1: the cluster's folder, with run/NAME (a script that execs the program) and logs/.
# stdin: `run NAME` and `find NAME` (answered by the process id), `stop NAME` (answered by `stopped`), `reap NAME` (answered
# by `ended CODE`; only for a program that has ended: nothing else is answered until then).

dir=$1
children= # NAME:PID, youngest first

end() {
  kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

finish() {
  trap '' HUP INT TERM
  for child in $children; do end "${child#*:}"; done
  if [ -e "$dir/keep" ]; then
    for entry in "$dir"/*; do [ "$entry" = "$dir/logs" ] || rm -rf "$entry"; done
  else
    # A second time, should a program of the test process still have been writing into it.
    rm -rf "$dir" || { sleep 1; rm -rf "$dir"; }
  fi
  exit 0
}

trap finish HUP INT TERM
# Answering a test process that is gone must not end this one. A trap, because a signal that is ignored
# would be ignored in the programs too.
trap : PIPE

while read -r verb name; do
  case $verb in
  run)
    sh "$dir/run/$name" </dev/null >>"$dir/logs/$name.log" 2>&1 &
    children="$name:$! $children"
    echo "$!"
    ;;
  stop)
    left=
    for child in $children; do
      if [ "${child%:*}" = "$name" ]; then end "${child#*:}"; else left="$left $child"; fi
    done
    children=$left
    echo stopped
    ;;
  find)
    found=none
    for child in $children; do
      if [ "${child%:*}" = "$name" ]; then found=${child#*:}; fi
    done
    echo "$found"
    ;;
  reap)
    left= code=127
    for child in $children; do
      if [ "${child%:*}" = "$name" ]; then wait "${child#*:}"; code=$?; else left="$left $child"; fi
    done
    children=$left
    echo "ended $code"
    ;;
  esac
done
finish
