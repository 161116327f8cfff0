// SPDX-License-Identifier: Apache-2.0
#include "proxy/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace cardea::proxy {
namespace {

unsigned affinity_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

unsigned cpus_of(double quota, double period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<unsigned>(std::max(1.0, std::ceil(quota / period)));
}

// cgroup v2: "max 100000" or "200000 100000". In a container the own group is mounted at the root.
unsigned quota_v2() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") return 0;
  return cpus_of(std::atof(quota.c_str()), period);
}

unsigned quota_v1() {
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return 0;
  return cpus_of(quota, period);
}

}  // namespace

unsigned usable_cpus() {
  unsigned cpus = affinity_cpus();
  for (const unsigned quota : {quota_v2(), quota_v1()}) {
    if (quota != 0) cpus = std::min(cpus, quota);
  }
  return cpus;
}

}  // namespace cardea::proxy
