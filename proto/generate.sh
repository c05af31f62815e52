#!/bin/sh
# Generates authz/_proto/ (stubs, and the descriptor set that Envoy's grpc_json_transcoder needs) from proto/.
# Deterministic for one version of grpcio-tools; CI runs it and compares.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"
GOOGLE="$("$PYTHON" -c 'import google.api.annotations_pb2 as m, pathlib; print(pathlib.Path(m.__file__).parents[2])')"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

# Compiled under the path that the stubs are imported from, so that no import needs mending and no top-level package
# `phigate` appears.
mkdir -p "$WORK/authz/_proto"
cp proto/phigate/admin/v1/admin.proto "$WORK/authz/_proto/admin.proto"
"$PYTHON" -m grpc_tools.protoc -I "$WORK" -I "$GOOGLE" \
    --include_imports --descriptor_set_out="authz/_proto/admin_descriptor.pb" \
    --python_out=. --pyi_out=. --grpc_python_out=. "$WORK/authz/_proto/admin.proto"
