#!/usr/bin/env bash
# Build the named stacks, or all: virtual environments outside the checkout, where absent or where their pins changed.
set -euo pipefail
cd "$(dirname "$0")"
export PIP_QUIET=2 # errors alone
stacks=${OPENWORLD3D_STACKS:-$HOME/.cache/openworld3d/stacks}

# Print the pins of a stack, those of the file that it refers to included.
pins() {
    sed '/^-r /d' "$1.txt" &&
        sed -n 's/^-r //p' "$1.txt" | xargs --no-run-if-empty cat
}

# Print how to call a version of Python. A shim of pyenv has its name, but fails where the version is not selected.
find_python() {
    local candidate
    for candidate in "python$1" "$(pyenv prefix "$1" 2>/dev/null)/bin/python$1"; do
        if "$candidate" -c '' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Compile torch-scatter against the stack's torch, without debug symbols, which take two fifths of the time. pip's own
# cache of wheels would not tell one torch from another.
install_scatter() {
    local pip=$1/bin/pip wheels=$2 scatter=$3
    mkdir -p "$wheels"
    CFLAGS=-g0 "$pip" wheel --no-cache-dir --no-deps --no-build-isolation \
        --find-links "$wheels" --wheel-dir "$wheels" "$scatter"
    "$pip" install --no-deps --no-index --find-links "$wheels" "$scatter"
    # The library does without torch-scatter where it cannot be imported, and the tests would not notice.
    "$1/bin/python" -c 'import torch_scatter'
}

build() {
    local name=$1 folder=$stacks/$1 pins version python scatter options=()
    pins=$(pins "$name")
    if cmp --silent "$folder/pins.txt" <(echo "$pins"); then
        echo "$name: is there"
        return
    fi
    version=$(sed -E 's/^py3([0-9]+)_.*/3.\1/' <<<"$name")
    if ! python=$(find_python "$version"); then
        echo "$name: skipped, since neither python$version nor pyenv's Python $version runs on this machine"
        return
    fi
    echo "$name: making a virtual environment, $folder"
    rm -rf "$folder"
    "$python" -m venv "$folder"
    echo "$name: installing its packages"
    if [[ $name == *_clash ]]; then options=(--no-deps); fi
    "$folder/bin/pip" install "${options[@]}" -r <(sed '/^torch-scatter==/d' <<<"$pins")
    scatter=$(sed -nE 's/^(torch-scatter==[^ ]+).*/\1/p' <<<"$pins")
    if [[ $scatter ]]; then
        echo "$name: compiling $scatter, 4 minutes the first time"
        install_scatter "$folder" "$stacks/wheels/$name" "$scatter"
    fi
    # Last, since a stack with its pins is whole.
    echo "$pins" >"$folder/pins.txt"
}

mkdir -p "$stacks"
exec 9>"$stacks/.lock" # two checkouts may share the stacks
flock 9
if [[ $# == 0 ]]; then
    set -- *.txt
fi
builds=() # side by side, as pip and the compiler have one process each
for name in "${@%.txt}"; do
    build "$name" &
    builds+=($!)
done
for one in "${builds[@]}"; do
    wait "$one"
done
