// SPDX-License-Identifier: Apache-2.0
// Memory for what lives as long as a request and is made for each one: coroutine frames, exchanges, the blocks of text
// arenas, what libnghttp2 asks for. Per thread, in size classes of 64 bytes, last freed first used (so still in the cache).
// It is freed on the thread that allocated it. What a burst needed is kept up to a bound; what is larger than 16 KiB is not
// pooled.
#pragma once

#include <cstddef>

namespace cardea::base {

void* allocate_pooled(std::size_t bytes);
// `bytes`: as allocated.
void free_pooled(void* place, std::size_t bytes);

}  // namespace cardea::base
