// SPDX-License-Identifier: Apache-2.0
// Numbers that one thread writes and another reads (law 1 of the data plane). The writer pays a plain load, add and
// store: no lock prefix. Two writers on one of these would lose counts; give each thread its own and add when reading.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cardea::base {

// Only rises.
class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Rises and falls.
class Gauge {
 public:
  void add(std::int64_t n = 1) { set(value() + n); }
  void sub(std::int64_t n = 1) { set(value() - n); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Counts of values by bucket, as Prometheus understands a histogram: bucket i holds values <= bounds[i], one more holds
// the rest. Bounds rise strictly, are given once and must outlive the histogram (a constexpr array).
class Histogram {
 public:
  static constexpr std::size_t kMaxBounds = 31;

  struct Snapshot {
    std::array<std::uint64_t, kMaxBounds + 1> counts{};  // per bucket, not cumulated
    std::uint64_t sum = 0;

    void add(const Snapshot& other);
    std::uint64_t total() const;
  };

  // More than kMaxBounds bounds: the first kMaxBounds are used.
  explicit Histogram(std::span<const std::uint64_t> bounds)
      : bounds_(bounds.first(std::min(bounds.size(), kMaxBounds))) {}

  void record(std::uint64_t value) {
    const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].add();
    sum_.add(value);
  }

  std::span<const std::uint64_t> bounds() const { return bounds_; }
  // Each number is whole; together they may miss values that are being recorded meanwhile.
  Snapshot read() const;

 private:
  std::span<const std::uint64_t> bounds_;
  std::array<Counter, kMaxBounds + 1> counts_;
  Counter sum_;
};

}  // namespace cardea::base
