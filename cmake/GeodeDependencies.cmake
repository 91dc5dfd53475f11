# Every dependency is a Debian 12 package; `./dev setup` installs them all.

find_package(Threads REQUIRED)  # before leveldb, whose package file assumes it
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS context)
find_package(CapnProto CONFIG REQUIRED)
find_package(leveldb CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(Catch2 2 CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive REQUIRED)
find_path(RAPIDCHECK_INCLUDE rapidcheck.h REQUIRED)
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
