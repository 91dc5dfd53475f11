# geode_library: one static library per folder, linking only what tools/layers.txt allows.
#
#   geode_library(storage SOURCES a.cc HEADERS a.h LINKS geode_base PRIVATE_LINKS leveldb::leveldb)
#
# makes target geode_storage. Headers form a verified header set: each must compile alone.
function(geode_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;LINKS;PRIVATE_LINKS" ${ARGN})
  set(target geode_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS "${CMAKE_SOURCE_DIR}"
                                  FILES ${ARG_HEADERS})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON LINKER_LANGUAGE CXX)
endfunction()

# geode_test: one Catch2 binary per module, registered with CTest once per tag.
#
#   geode_test(storage SOURCES log_test.cc LINKS geode_storage [PROPERTY_SOURCES log_prop_test.cc])
#
# CTest names: <module>.fast and, where such tests exist, <module>.slow. RapidCheck is linked only
# for PROPERTY_SOURCES; its seed is pinned, so a test run is the same every time.
function(geode_test name)
  cmake_parse_arguments(ARG "HAS_SLOW" "" "SOURCES;PROPERTY_SOURCES;LINKS" ${ARGN})
  set(target ${name}_test)
  add_executable(${target} ${ARG_SOURCES} ${ARG_PROPERTY_SOURCES})
  target_link_libraries(${target} PRIVATE ${ARG_LINKS} Catch2::Catch2WithMain)
  if(ARG_PROPERTY_SOURCES)
    target_include_directories(${target} SYSTEM PRIVATE "${RAPIDCHECK_INCLUDE}")
    target_link_libraries(${target} PRIVATE "${RAPIDCHECK_LIBRARY}")
  endif()
  target_compile_definitions(${target} PRIVATE
    GEODE_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
  add_test(NAME ${name}.fast COMMAND ${target} ~[slow])
  set_tests_properties(${name}.fast PROPERTIES LABELS fast TIMEOUT 120
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" ENVIRONMENT "RC_PARAMS=seed=20261121")
  if(ARG_HAS_SLOW)
    add_test(NAME ${name}.slow COMMAND ${target} [slow])
    set_tests_properties(${name}.slow PROPERTIES LABELS slow TIMEOUT 1800
      WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}" ENVIRONMENT "RC_PARAMS=seed=20261121")
  endif()
endfunction()
