#!/usr/bin/env bash
# Install Fashion-MNIST from Debian's package, or say what to type, and check the four files.
#
# Hashes are of the unpacked IDX files, since gzip differs from packer to packer. Writes nothing but
# through apt-get.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=/usr/share/datasets/fashion-mnist

scripts/setup_system.sh dataset-fashion-mnist
if [ ! -d "$folder" ]; then
    echo "wardrobe: there is no $folder; without Debian's package train with: --data keras, or --train and --test CSV files" >&2
    exit 1
fi

while read -r expected name; do
    found=$(gzip --decompress --stdout "$folder/$name.gz" | sha256sum | cut -d ' ' -f 1)
    if [ "$found" != "$expected" ]; then
        echo "wardrobe: $folder/$name.gz unpacks to sha256 $found, not $expected; reinstall dataset-fashion-mnist" >&2
        exit 1
    fi
done <<'HASHES'
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
HASHES
echo "Fashion-MNIST is in $folder, all four files as published"
