#!/usr/bin/env bash
# Classify pictures with Wardrobe: classify.sh URL PICTURE...
#
# Needs curl from 7.76, and jq. An API key is read from API_KEY, and from TITLE what the shop has written of one
# picture. curl tries 408, 429 and 5xx again, after the seconds that Retry-After says; any other refusal stays
# one.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: classify.sh URL PICTURE..." >&2
    exit 1
fi
url=$1
shift
route=predict
[ $# -eq 1 ] || route=predict/batch

sent=()
[ $# -ne 1 ] || [ -z "${TITLE:-}" ] || sent+=(--form-string "title=$TITLE")
for picture in "$@"; do
    sent+=(--form "image=@\"$picture\"")
done
# In a file, since what stands on a command line is in everybody's list of processes.
key() { [ -z "${API_KEY:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$API_KEY"; }

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
curl --silent --show-error --fail-with-body --output "$answer" --max-time 60 \
    --retry 3 --retry-max-time 60 --config <(key) "${sent[@]}" "$url/$route" || {
    [ $? -ne 7 ] || echo "$url does not answer. Is it running?" >&2
    cat "$answer" >&2
    exit 1
}
jq --raw-output --arg name "${1##*/}" '
    def said: "\(.label) \(.confidence * 1000 | round / 1000) \(.decision)";
    (.predictions // [.])[]
    | (.name // $name) + ": " + (
        if .error then .error.detail
        else said + (.attributes // {} | to_entries | map(", \(.key) \(.value | said)") | add // "")
            + (.listed // null | if . then ", with the title \(.kind // .label) \(.decision)" else "" end) end)
' "$answer"
