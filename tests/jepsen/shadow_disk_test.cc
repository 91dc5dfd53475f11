// SPDX-License-Identifier: Apache-2.0
#include "jepsen/shadow_disk.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "jepsen/preload/disk_recorder.h"
#include "tests/support/temporary_folder.h"

namespace geode::jepsen {
namespace {

namespace fs = std::filesystem;

constexpr sim::PowerLoss all_lost = {
    .options = {.lose_data = true, .lose_names = true, .tear = false},
    .mode = sim::PowerLossMode::drop_all};

/// A node's disk: does things to real files and tells of them, as the preloaded library does.
class ToldDisk {
public:
    ToldDisk() { fs::create_directory(data()); }

    std::string data() const { return folder_.path() + "/data"; }
    ShadowDisk& shadow() { return shadow_; }

    void create(const std::string& name) {
        std::ofstream(data() + "/" + name).flush();
        tell(JournalKind::create_file, inode(name), 0, name);
    }
    void create_directory(const std::string& name) {
        fs::create_directory(data() + "/" + name);
        tell(JournalKind::create_directory, inode(name), 0, name);
    }
    void write(const std::string& name, std::uint64_t offset, const std::string& bytes) {
        std::fstream file(data() + "/" + name, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
        tell(JournalKind::write, inode(name), offset, "", bytes);
    }
    void truncate(const std::string& name, std::uint64_t size) {
        fs::resize_file(data() + "/" + name, size);
        tell(JournalKind::truncate, inode(name), size);
    }
    void rename(const std::string& from, const std::string& to) {
        fs::rename(data() + "/" + from, data() + "/" + to);
        tell(JournalKind::rename, 0, 0, from, to);
    }
    void remove(const std::string& name) {
        fs::remove(data() + "/" + name);
        tell(JournalKind::remove, 0, 0, name);
    }
    std::uint64_t begin_sync(const std::string& name) {
        tell(JournalKind::sync_begun, inode(name), ++syncs_);
        return syncs_;
    }
    void end_sync(std::uint64_t number) { tell(JournalKind::sync_ended, 0, number); }
    /// Another process counts anew.
    void begin_again() { syncs_ = 0; }
    /// Of a file or a directory; "" is the data directory.
    void sync(const std::string& name) { end_sync(begin_sync(name)); }

    void tell(JournalKind kind, std::uint64_t inode, std::uint64_t offset,
              const std::string& name = "", const std::string& payload = "") {
        JournalHeader header;
        header.kind = kind;
        header.inode = inode;
        header.offset = offset;
        header.name_bytes = static_cast<std::uint32_t>(name.size());
        header.payload_bytes = static_cast<std::uint32_t>(payload.size());
        std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
        append(bytes + name + payload);
    }
    void append(const std::string& bytes) {
        std::ofstream(folder_.path() + "/journal", std::ios::binary | std::ios::app) << bytes;
    }

    sim::PowerLossReport lose(const sim::PowerLoss& loss = all_lost) {
        auto report = shadow_.lose_power(random_, loss);
        if (!report) FAIL(report.error().message);
        return *report;
    }

    /// "name=contents" of every file and "name/" of every directory.
    std::vector<std::string> held() const {
        std::vector<std::string> words;
        for (const auto& entry : fs::recursive_directory_iterator(data())) {
            const std::string name = entry.path().lexically_relative(data()).string();
            if (entry.is_directory()) {
                words.push_back(name + "/");
                continue;
            }
            std::ifstream file(entry.path(), std::ios::binary);
            words.push_back(name + "=" + std::string(std::istreambuf_iterator<char>(file), {}));
        }
        std::ranges::sort(words);
        return words;
    }

private:
    std::uint64_t inode(const std::string& name) const {
        struct stat status{};
        REQUIRE(::stat((data() + "/" + name).c_str(), &status) == 0);
        return status.st_ino;
    }

    test::TemporaryFolder folder_;
    ShadowDisk shadow_ = ShadowDisk::create(data(), folder_.path() + "/journal").value();
    Prng random_{1};
    std::uint64_t syncs_ = 0;
};

using Words = std::vector<std::string>;

TEST_CASE("shadow disk: what was synced stays, what was not is lost", "[fast]") {
    ToldDisk disk;
    disk.create("a");
    disk.write("a", 0, "0123456789");
    disk.sync("a");
    disk.sync("");
    disk.write("a", 2, "xx");
    disk.write("a", 10, "tail");
    disk.create("b");
    disk.write("b", 0, "never synced");
    CHECK(disk.held() == Words{"a=01xx456789tail", "b=never synced"});
    const auto report = disk.lose();
    CHECK(report.bytes_lost == 2 + 4 + 12);
    CHECK(report.names_lost == 1);
    CHECK(disk.held() == Words{"a=0123456789"});
}

TEST_CASE("shadow disk: a file is nothing without its name, nor a name without its file",
          "[fast]") {
    ToldDisk disk;
    disk.create("named");
    disk.write("named", 0, "x");
    disk.sync("");
    disk.create("nameless");
    disk.write("nameless", 0, "y");
    disk.sync("nameless");
    disk.lose();
    CHECK(disk.held() == Words{"named="});
}

TEST_CASE("shadow disk: names that were renamed or removed come back", "[fast]") {
    ToldDisk disk;
    for (const char* const name : {"a", "b", "c"}) {
        disk.create(name);
        disk.write(name, 0, name);
        disk.sync(name);
    }
    disk.sync("");
    disk.rename("a", "b");
    disk.remove("c");
    CHECK(disk.held() == Words{"b=a"});
    disk.lose();
    CHECK(disk.held() == Words{"a=a", "b=b", "c=c"});
    disk.rename("a", "b");
    disk.remove("c");
    disk.sync("");
    disk.lose();
    CHECK(disk.held() == Words{"b=a"});
}

TEST_CASE("shadow disk: a sync covers what was written before it began, if it ended", "[fast]") {
    ToldDisk disk;
    disk.create("a");
    disk.sync("");
    disk.write("a", 0, "one");
    const std::uint64_t ends = disk.begin_sync("a");
    disk.write("a", 3, "two");
    disk.end_sync(ends);
    disk.write("a", 6, "three");
    disk.begin_sync("a");
    disk.lose();
    CHECK(disk.held() == Words{"a=one"});
    // The next process has a sync of that number too; the old one never ends.
    disk.begin_again();
    disk.write("a", 3, "four");
    disk.sync("a");
    disk.lose();
    CHECK(disk.held() == Words{"a=onefour"});
    const std::uint64_t directory = disk.begin_sync("");
    disk.create("late");
    disk.end_sync(directory);
    disk.lose();
    CHECK(disk.held() == Words{"a=onefour"});
}

TEST_CASE("shadow disk: directories, also renamed ones", "[fast]") {
    ToldDisk disk;
    disk.create_directory("d");
    disk.create("d/a");
    disk.write("d/a", 0, "1");
    disk.sync("d/a");
    disk.sync("d");
    disk.sync("");
    disk.rename("d", "e");
    disk.create("e/b");
    disk.sync("e");
    disk.sync("");
    disk.lose();
    CHECK(disk.held() == Words{"e/", "e/a=1", "e/b="});
    disk.create("e/c");
    disk.create_directory("e/f");
    disk.lose();
    CHECK(disk.held() == Words{"e/", "e/a=1", "e/b="});
}

TEST_CASE("shadow disk: a power loss may take nothing, or only data", "[fast]") {
    ToldDisk disk;
    disk.create("a");
    disk.write("a", 0, "x");
    disk.truncate("a", 0);
    disk.write("a", 0, "yz");
    disk.lose({.options = {.lose_data = false, .lose_names = false, .tear = false},
               .mode = sim::PowerLossMode::keep_all});
    CHECK(disk.held() == Words{"a=yz"});
    disk.write("a", 2, "lost");
    disk.create("b");
    disk.lose({.options = {.lose_data = true, .lose_names = false, .tear = false},
               .mode = sim::PowerLossMode::drop_all});
    CHECK(disk.held() == Words{"a=yz", "b="});
}

TEST_CASE("shadow disk: follows over processes, and over half a record", "[fast]") {
    ToldDisk disk;
    disk.create("a");
    disk.sync("");
    disk.append(std::string("half a header"));
    REQUIRE(disk.shadow().follow());
    disk.write("a", 0, "kept");
    disk.sync("a");
    REQUIRE(disk.shadow().follow());
    JournalHeader header;
    header.kind = JournalKind::write;
    header.payload_bytes = 100;
    disk.append(std::string(reinterpret_cast<const char*>(&header), sizeof header) + "short");
    // While the old file is open the kernel cannot give its number to the new one.
    const std::ifstream old(disk.data() + "/a");
    disk.lose();
    disk.write("a", 4, "!");
    disk.sync("a");
    disk.lose();
    CHECK(disk.held() == Words{"a=kept!"});
}

TEST_CASE("shadow disk: what a process died before telling did not happen", "[fast]") {
    ToldDisk disk;
    disk.create("a");
    disk.write("a", 0, "one");
    disk.create_directory("d");
    disk.sync("a");
    disk.sync("");
    const Words told = disk.held();
    const auto untold = [&](auto change) {
        change(fs::path(disk.data()));
        CHECK(disk.held() != told);
        REQUIRE(disk.shadow().resume());
        CHECK(disk.held() == told);
    };
    untold([](const fs::path& data) { std::ofstream(data / "a", std::ios::app) << "two"; });
    untold([](const fs::path& data) { std::ofstream(data / "a").flush(); });
    untold([](const fs::path& data) { std::ofstream(data / "b").flush(); });
    untold([](const fs::path& data) { fs::create_directory(data / "d/e"); });
    untold([](const fs::path& data) { fs::rename(data / "a", data / "d/a"); });
    untold([](const fs::path& data) { fs::remove(data / "d"); });
    // The next process goes on from there, and nothing that it syncs is lost or has holes.
    disk.begin_again();
    disk.write("a", 3, "two");
    disk.sync("a");
    disk.create("b");
    disk.write("b", 0, "x");
    disk.sync("b");
    disk.sync("");
    REQUIRE(disk.shadow().resume());
    disk.lose();
    CHECK(disk.held() == Words{"a=onetwo", "b=x", "d/"});
}

TEST_CASE("shadow disk: the kernel gives a removed file's number to a directory", "[fast]") {
    ToldDisk disk;
    constexpr std::uint64_t number = 4711;
    disk.tell(JournalKind::create_file, number, 0, "f");
    disk.tell(JournalKind::remove, 0, 0, "f");
    disk.tell(JournalKind::create_directory, number, 0, "d");
    disk.sync("");
    disk.tell(JournalKind::create_file, number + 1, 0, "d/a");
    disk.tell(JournalKind::sync_begun, number, 1000);
    disk.end_sync(1000);
    disk.lose();
    CHECK(disk.held() == Words{"d/", "d/a="});
}

/// How a process ends that is to tell what it does to that journal.
int end_of_teller(const std::string& journal) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test runner's own
        ::setenv("GEODE_DISK_JOURNAL", journal.c_str(), 1);
        ::_exit(open_journal() >= 0 ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

TEST_CASE("shadow disk: a node that cannot tell what it does must not do it", "[fast]") {
    const test::TemporaryFolder folder;
    std::ofstream(folder.path() + "/journal").flush();
    CHECK(end_of_teller(folder.path() + "/journal") == 0);
    const int status = end_of_teller(folder.path() + "/none");
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}

TEST_CASE("shadow disk: a journal that contradicts itself is an error", "[fast]") {
    const auto refused = [](auto told) {
        ToldDisk disk;
        disk.create("a");
        told(disk);
        const auto followed = disk.shadow().follow();
        return followed ? std::string("accepted") : followed.error().message;
    };
    CHECK(refused([](ToldDisk&) {}) == "accepted");
    CHECK(refused([](ToldDisk& disk) {
              disk.append(std::string(32, 'x'));
          }).ends_with("no record at byte 33"));
    CHECK(refused([](ToldDisk& disk) {
              disk.tell(JournalKind::write, 1, 0, "", "x");
          }).ends_with("a change of a file that was not made"));
    CHECK(refused([](ToldDisk& disk) {
              disk.tell(JournalKind::remove, 0, 0, "b");
          }).ends_with("nothing is named b"));
    CHECK(refused([](ToldDisk& disk) {
              disk.tell(JournalKind::create_file, 1, 0, "a");
          }).ends_with("a was made twice"));
    CHECK(refused([](ToldDisk& disk) {
              disk.end_sync(1);
          }).ends_with("a sync ended that had not begun"));
    CHECK(refused([](ToldDisk& disk) {
              disk.tell(JournalKind::sync_begun, 1, 1);
              disk.end_sync(1);
          }).ends_with("a sync of nothing that was made"));
    CHECK(refused([](ToldDisk& disk) {
              disk.tell(static_cast<JournalKind>(99), 0, 0);
          }).ends_with("a record of an unknown kind"));
}

}  // namespace
}  // namespace geode::jepsen
