// SPDX-License-Identifier: Apache-2.0
#pragma once

// Two production Worlds on one event loop, each with a data directory of its own.
//
// run() executes a fiber of `client` and bounds it in real time; a test that hangs fails instead.
// Assertions inside fibers are CHECKs: REQUIRE throws, and no exception may leave a fiber.

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "tests/support/world_contract.h"

namespace geode::os::test {

/// A directory of files, removed with what is in it (two levels).
class TempDir {
public:
    TempDir() {
        char name[] = "/tmp/geode-os-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        path_ = name;
    }
    ~TempDir() { remove_tree(path_); }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    const std::string& path() const { return path_; }

private:
    static void remove_tree(const std::string& path) {
        if (DIR* dir = ::opendir(path.c_str())) {
            while (const dirent* entry = ::readdir(dir)) {
                const std::string name = entry->d_name;
                if (name != "." && name != "..") remove_tree(path + "/" + name);
            }
            ::closedir(dir);
            ::rmdir(path.c_str());
        } else {
            ::unlink(path.c_str());
        }
    }
    std::string path_;
};

inline std::unique_ptr<OsWorld> make_world(EventLoop& loop, std::uint32_t node,
                                           const std::string& data_dir) {
    auto world = OsWorld::create(
        loop, {.node = NodeId(node), .data_dir = data_dir, .random_seed = 7 + node});
    REQUIRE(world);
    return *std::move(world);
}

struct Fixture {
    TempDir server_dir;
    TempDir client_dir;
    EventLoop loop;
    std::unique_ptr<OsWorld> server = make_world(loop, 1, server_dir.path());
    std::unique_ptr<OsWorld> client = make_world(loop, 2, client_dir.path());

    geode::test::ContractSite site() { return {*server, *client, "127.0.0.1"}; }

    template <class Body>
    void run(Body body, Duration at_most = seconds(60)) {
        bool done = false;
        client->spawn("test", [&] {
            body();
            done = true;
            loop.stop();
        });
        CHECK(loop.run_for(at_most));
        REQUIRE(done);
    }
};

}  // namespace geode::os::test
