#!/bin/sh
# again.sh COMMAND...: runs the command, and runs it again after 5, 15 and 45 minutes if its exit code says that it may work later.
# no core dumps, because the memory of the process contains the key
ulimit -c 0
for wait in 300 900 2700 last; do
  "$@"
  status=$?
  case $status in
    3 | 69 | 75 | 130 | 143) [ "$wait" = last ] || sleep "$wait" ;;
    *) break ;;
  esac
done
exit "$status"
