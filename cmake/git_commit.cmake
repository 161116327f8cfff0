# SPDX-License-Identifier: Apache-2.0
# Writes OUT, a header that says which commit is built; touches it only when that changed. Run with -P by every build.
execute_process(COMMAND git -C ${SOURCE} log -1 --format=%H|%cI OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown|unknown")
endif()
string(REPLACE "|" ";" parts "${commit}")
list(GET parts 0 hash)
list(GET parts 1 date)
file(WRITE ${OUT}.new "#define CARDEA_GIT_COMMIT \"${hash}\"\n#define CARDEA_GIT_DATE \"${date}\"\n")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUT}.new ${OUT})
