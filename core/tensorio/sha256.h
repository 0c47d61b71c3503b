// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4, by OpenSSL): the identity of a checkpoint in recipes and traces. Lower-case hexadecimal, as
// sha256sum prints it.
#pragma once
#include <cstddef>
#include <span>
#include <stop_token>
#include <string>

#include "core/base/result.h"
#include "core/tensorio/tensor_file.h"

namespace orrery::tensorio {

// Errors of all: Internal (the library said no); of the last two: NotFound, Io, BadInput, Cancelled.
Result<std::string> sha256(std::span<const std::byte> bytes);
// Read in pieces of 1 MiB; the stop token is asked before each.
Result<std::string> sha256OfFile(const std::string& path, std::stop_token stop = {});
// What tells a trace file from another without reading a large one whole: sha256OfFile() up to 256 MiB; beyond,
// "sampled " and the hash of the size (8 bytes, little-endian) and of 1024 pieces of 64 KiB spread evenly, the first
// and last among them.
Result<std::string> fingerprintOfFile(const std::string& path, std::stop_token stop = {});
// Of one shard: the hash of that file. Of several: the hash of the lines "HASH  NAME\n" in shard order.
Result<std::string> sha256Of(const TensorFile& file, std::stop_token stop = {});
// The same of the checkpoint at `path`, as openTensors finds it.
Result<std::string> sha256OfCheckpoint(const std::string& path, std::stop_token stop = {});

} // namespace orrery::tensorio
