// SPDX-License-Identifier: Apache-2.0
#include "base/memory_pool.h"

#include <array>
#include <new>
#include <utility>

namespace cardea::base {
namespace {

constexpr std::size_t kClassBytes = 64;
#if __has_feature(address_sanitizer)
constexpr std::size_t kClasses = 0;  // pooling would hide a use after the end
#else
constexpr std::size_t kClasses = 256;  // up to 16 KiB are pooled
#endif
constexpr std::size_t kMaxKept = 1024;

struct Free {
  Free* next;
};

class MemoryPool {
 public:
  ~MemoryPool() {
    for (auto& list : lists_) {
      while (list.head) ::operator delete(std::exchange(list.head, list.head->next));
    }
  }

  void* allocate(std::size_t size_class) {
    auto& list = lists_[size_class];
    if (!list.head) return ::operator new((size_class + 1) * kClassBytes);
    --list.count;
    return std::exchange(list.head, list.head->next);
  }

  void free(void* place, std::size_t size_class) {
    auto& list = lists_[size_class];
    if (list.count == kMaxKept) return ::operator delete(place);
    ++list.count;
    list.head = new (place) Free{list.head};
  }

 private:
  struct List {
    Free* head = nullptr;
    std::size_t count = 0;
  };
  std::array<List, kClasses> lists_;
};

thread_local MemoryPool pool;

std::size_t size_class_of(std::size_t bytes) { return (bytes - 1) / kClassBytes; }

}  // namespace

void* allocate_pooled(std::size_t bytes) {
  const auto size_class = size_class_of(bytes);
  return size_class < kClasses ? pool.allocate(size_class) : ::operator new(bytes);
}

void free_pooled(void* place, std::size_t bytes) {
  const auto size_class = size_class_of(bytes);
  if (size_class < kClasses) return pool.free(place, size_class);
  ::operator delete(place);
}

}  // namespace cardea::base
