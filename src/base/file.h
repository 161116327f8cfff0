// SPDX-License-Identifier: Apache-2.0
// Whole files in and out, blocking: for the control thread and start-up, never for a worker.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cardea::base {

inline constexpr std::size_t kMaxFileSize = 64u << 20;

// The content of a regular file (symbolic links are followed); more than `max_size` bytes is an error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_size = kMaxFileSize);

// A reader sees the old content or the new, never a part: written beside `path`, then renamed over it.
Result<> write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);

}  // namespace cardea::base
