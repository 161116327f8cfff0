// SPDX-License-Identifier: Apache-2.0
#include "async/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace cardea::async {

Doorbell::Doorbell(Loop& loop) : loop_(loop), descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) std::abort();
  loop_.add(descriptor_, pollable_);
}

Doorbell::~Doorbell() {
  loop_.remove(descriptor_);
  close(descriptor_);
}

void Doorbell::ring() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the bell is ringing anyway.
  [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof one);
}

void Doorbell::clear() {
  std::uint64_t rings = 0;
  [[maybe_unused]] const auto got = read(descriptor_, &rings, sizeof rings);
}

}  // namespace cardea::async
