// SPDX-License-Identifier: Apache-2.0
#include "app/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "standalone/temp_folder.h"

namespace cardea::app {
namespace {

TEST(LogFile, AppendsAndFollowsARotation) {
  const standalone::TempFolder folder;
  const auto path = folder.write("access.log", "before\n");
  auto log = LogFile::open(path.string());
  ASSERT_TRUE(log);
  log->write("one\n");
  EXPECT_EQ(base::read_file(path), "before\none\n");
  std::filesystem::rename(path, folder / "old.log");
  log->write("two\n");
  EXPECT_EQ(base::read_file(folder / "old.log"), "before\none\ntwo\n");
  ASSERT_TRUE(log->reopen());
  log->write("three\n");
  EXPECT_EQ(base::read_file(path), "three\n");
}

TEST(LogFile, AFileThatCannotBeOpenedIsNamed) {
  const auto log = LogFile::open("/nonexistent/access.log");
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/nonexistent/access.log"), std::string::npos);
}

TEST(LogFile, ASlowReaderLosesWholeLinesAndNobodyWaits) {
  const standalone::TempFolder folder;
  const std::string pipe = (folder / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto log = LogFile::open(pipe);
  ASSERT_TRUE(log);
  const std::string line = std::string(999, 'x') + "\n";
  std::uint64_t written = 0;
  for (; log->dropped_lines() == 0; ++written) log->write(line);  // more than the pipe and the limit together
  EXPECT_GE(written * line.size(), LogFile::kMaxPending);

  std::string received;
  char buffer[65536];
  for (ssize_t size; (size = ::read(reader, buffer, sizeof buffer)) > 0; log->write("")) {
    received.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(reader);
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(received, '\n')), written - log->dropped_lines());
  EXPECT_TRUE(received.ends_with(line));
}

}  // namespace
}  // namespace cardea::app
