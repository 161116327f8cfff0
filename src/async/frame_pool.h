// SPDX-License-Identifier: Apache-2.0
// Memory for coroutine frames: per thread, in size classes of 64 bytes, last freed first used (so still in the cache).
// Frames are freed on the thread that allocated them. What a burst needed is kept up to a bound.
#pragma once

#include <cstddef>

namespace cardea::async {

void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes);

}  // namespace cardea::async
