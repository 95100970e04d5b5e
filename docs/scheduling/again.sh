#!/bin/sh
# again.sh COMMAND...: the command, and after 5, 15 and 45 minutes again while its exit says that it may work later.
# the memory of the process has the key: it is never written to a file
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
