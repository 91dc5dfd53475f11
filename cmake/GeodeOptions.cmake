# Compiler settings shared by every target. Presets choose among the options.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

option(GEODE_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(GEODE_VERIFY_SLOW "Keep the checks whose cost is more than constant" ON)

find_program(GEODE_CCACHE ccache)
if(GEODE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${GEODE_CCACHE}")
endif()
find_program(GEODE_MOLD mold)
if(GEODE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wsuggest-override -Wcast-qual -Werror
  # Fused multiply-add would round differently from one machine or compiler to the next.
  -ffp-contract=off
  # CRC32C in hardware; every x86-64 since 2008 has it.
  -msse4.2
  # The same __FILE__ in every clone, so that binaries do not depend on where they were built.
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-cond -Wlogical-op)
  # Guesses of the optimiser, which differ from -O1 to -O2 and which g++ 12 gets wrong on moves of
  # std::variant and std::string. They stay visible; ASan and UBSan decide whether one is true.
  add_compile_options(-Wno-error=maybe-uninitialized -Wno-error=stringop-overflow
                      -Wno-error=stringop-overread -Wno-error=array-bounds -Wno-error=restrict)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(NOT GEODE_VERIFY_SLOW)
  add_compile_definitions(GEODE_NO_VERIFY_SLOW)
endif()

if(GEODE_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
