# What every target of this tree shares: warnings, third-party packages, and the functions that
# declare a room (a library of daemon/), a program and a unit test.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)          # headers only: Asio, Beast, System
find_package(OpenSSL 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(MONGOC REQUIRED IMPORTED_TARGET libmongoc-1.0)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(websocketpp REQUIRED)
find_package(CLI11 REQUIRED)

if(NOT TARGET yaml-cpp::yaml-cpp)          # 0.7 (Debian 12) calls it yaml-cpp
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

add_library(holdfast_options INTERFACE)
target_compile_options(holdfast_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  $<$<BOOL:${HOLDFAST_WERROR}>:-Werror>)
target_compile_definitions(holdfast_options INTERFACE BOOST_ASIO_HAS_STD_INVOKE_RESULT)
target_include_directories(holdfast_options INTERFACE ${PROJECT_SOURCE_DIR}/daemon)
target_link_libraries(holdfast_options INTERFACE Threads::Threads)

# holdfast_room(NAME call SOURCES a.cpp b.cpp PUBLIC base log PRIVATE PkgConfig::SQLITE3)
# declares library holdfast_<NAME>. Bare room names in PUBLIC and PRIVATE mean holdfast_<room>.
function(holdfast_room)
  cmake_parse_arguments(ROOM "" "NAME" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(holdfast_${ROOM_NAME} STATIC ${ROOM_SOURCES})
  holdfast_link(holdfast_${ROOM_NAME} PUBLIC ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE})
endfunction()

# Links a target against rooms (bare names) and packages (names with "::").
function(holdfast_link TARGET)
  cmake_parse_arguments(LINK "" "" "PUBLIC;PRIVATE" ${ARGN})
  foreach(scope PUBLIC PRIVATE)
    foreach(lib ${LINK_${scope}})
      if(lib MATCHES "::")
        target_link_libraries(${TARGET} ${scope} ${lib})
      else()
        target_link_libraries(${TARGET} ${scope} holdfast_${lib})
      endif()
    endforeach()
  endforeach()
  target_link_libraries(${TARGET} PRIVATE holdfast_options)
  target_include_directories(${TARGET} PUBLIC ${PROJECT_SOURCE_DIR}/daemon)
endfunction()

# holdfast_unit_test(NAME store THREADS SOURCES x_test.cpp LINK store) declares test binary test_<NAME>,
# one ctest entry per binary: a gtest binary starts faster than ctest discovers its cases. THREADS: it
# has more than one thread and runs under the thread sanitizer as well.
function(holdfast_unit_test)
  cmake_parse_arguments(UT "THREADS" "NAME" "SOURCES;LINK" ${ARGN})
  add_executable(test_${UT_NAME} ${UT_SOURCES})
  holdfast_link(test_${UT_NAME} PRIVATE ${UT_LINK} GTest::gmock GTest::gtest_main)
  target_include_directories(test_${UT_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(test_${UT_NAME} PRIVATE
    HOLDFAST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HOLDFAST_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  add_test(NAME unit.${UT_NAME} COMMAND test_${UT_NAME})
  set(labels unit)
  if(UT_THREADS)
    list(APPEND labels threads)
  endif()
  set(most 600)
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    set(most 3600)  # the tables of disk faults take ten times as long
  endif()
  set_tests_properties(unit.${UT_NAME} PROPERTIES TIMEOUT ${most} LABELS "${labels}")
endfunction()
