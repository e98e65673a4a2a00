# Run as a script after PROGRAM was built: lists its test suites, and writes to OUT a test of ctest
# for each. A suite is a process: a process a case, as gtest_discover_tests has it, spends a quarter of
# the sanitized tests' time on starting.
#   cmake -D PROGRAM=... -D OUT=... -D "PROPERTIES=NAME;VALUE;..." -P discover_suites.cmake
execute_process(COMMAND ${PROGRAM} --gtest_list_tests
  OUTPUT_VARIABLE listed RESULT_VARIABLE failed TIMEOUT 60)
if(failed)
  message(FATAL_ERROR "${PROGRAM} cannot list its tests: ${failed}\n${listed}")
endif()
string(REGEX MATCHALL "(^|\n)[A-Za-z0-9_/]+\\.[ \n]" suites "${listed}")
set(tests "")
foreach(suite IN LISTS suites)
  string(REGEX REPLACE "^\n|\\..*$" "" suite "${suite}")
  string(APPEND tests
    "add_test([=[${suite}]=] [=[${PROGRAM}]=] [=[--gtest_filter=${suite}.*]=] --gtest_brief=1)\n")
  if(PROPERTIES)
    string(REPLACE ";" "]=] [=[" words "${PROPERTIES}")
    string(APPEND tests "set_tests_properties([=[${suite}]=] PROPERTIES [=[${words}]=])\n")
  endif()
endforeach()
if(tests STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} has no tests")
endif()
file(WRITE ${OUT} "${tests}")
