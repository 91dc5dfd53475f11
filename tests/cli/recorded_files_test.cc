// SPDX-License-Identifier: Apache-2.0
#include "cli/recorded_files.h"

#include <archive.h>
#include <archive_entry.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "cli/gzip.h"
#include "tests/support/temporary_folder.h"

namespace geode::cli {
namespace {

constexpr std::uint64_t plenty = 1 << 30;

TEST_CASE("gunzip: members of any size follow one another", "[fast]") {
    const std::string large(9 << 20, 'x');
    CHECK(gunzip(gzip("a history"), "n", plenty).value() == "a history");
    CHECK(gunzip(gzip("one ") + gzip("two"), "n", plenty).value() == "one two");
    CHECK(gunzip(gzip(""), "n", plenty).value().empty());
    CHECK(gunzip(gzip(large) + gzip("y"), "n", plenty).value() == large + "y");
}

TEST_CASE("gunzip: what is cut short or damaged is refused", "[fast]") {
    std::string noise;
    for (std::uint32_t value = 1; noise.size() < 5000; value = value * 1664525 + 1013904223) {
        noise.push_back(static_cast<char>(value >> 24));
    }
    const std::string packed = gzip(noise);
    for (std::size_t kept = 0; kept < packed.size(); kept += 7) {
        CAPTURE(kept);
        const auto cut = gunzip(packed.substr(0, kept), "n", plenty);
        REQUIRE_FALSE(cut);
        CHECK(cut.error().message == "n: expected gzip data, but it is cut short");
    }
    std::string flipped = packed;
    flipped[packed.size() / 2] ^= 1;
    CHECK(gunzip(flipped, "n", plenty).code() == ErrorCode::invalid_argument);
    CHECK(gunzip(packed + "tail", "n", plenty).code() == ErrorCode::invalid_argument);
}

TEST_CASE("gunzip: a small file may not claim any amount of memory", "[fast]") {
    const std::string bomb = gzip(std::string(16 << 20, '0'));
    CHECK(gunzip(bomb, "n", 1 << 20).code() == ErrorCode::too_large);
}

struct FreeWriter {
    void operator()(archive* writer) const { archive_write_free(writer); }
};

/// A tar or zip archive of the files, and of a folder and a link, which are no histories.
std::string packed_together(const std::vector<NamedBytes>& files, bool as_zip = false) {
    const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
    std::string out(1 << 20, '\0');
    std::size_t used = 0;
    as_zip ? archive_write_set_format_zip(writer.get())
           : archive_write_set_format_pax(writer.get());
    REQUIRE(archive_write_open_memory(writer.get(), out.data(), out.size(), &used) == ARCHIVE_OK);
    const auto add = [&](const std::string& name, auto type, const std::string& bytes) {
        archive_entry* const entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
        if (type == AE_IFLNK) archive_entry_set_symlink(entry, "a.edn");
        REQUIRE(archive_write_header(writer.get(), entry) == ARCHIVE_OK);
        archive_entry_free(entry);
        REQUIRE(archive_write_data(writer.get(), bytes.data(), bytes.size()) ==
                static_cast<la_ssize_t>(bytes.size()));
    };
    add("logs/", AE_IFDIR, "");
    for (const NamedBytes& file : files) add(file.name, AE_IFREG, file.bytes);
    add("link.edn", AE_IFLNK, "");
    REQUIRE(archive_write_close(writer.get()) == ARCHIVE_OK);
    out.resize(used);
    return out;
}

/// A log of one transaction that does nothing.
std::string session_log(char id) {
    const std::string number = std::string(7, '\0') + id;
    return "S" + number + "C" + number;
}

class Folder {
public:
    std::string path(const std::string& name = {}) const { return folder_.path() + name; }
    void write(const std::string& name, const std::string& bytes) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << bytes;
    }

private:
    test::TemporaryFolder folder_;
};

/// What is found behind the path, one "name: file=bytes ..." for each, without the folder's path.
std::vector<std::string> found(const Folder& folder, const std::string& name) {
    std::vector<std::string> out;
    for_each_recording(folder.path(name), [&](const Result<RecordedFiles>& recording) {
        std::string words = recording ? recording->name + ":" : recording.error().message;
        if (recording) {
            for (const auto& [file, bytes] : recording->files) {
                const std::string tail = std::filesystem::path(file).filename().string();
                words += " " + tail + (bytes.starts_with('S') ? "" : "=" + bytes);
            }
        }
        for (std::size_t at = 0; (at = words.find(folder.path())) != std::string::npos;) {
            words.erase(at, folder.path().size());
        }
        out.push_back(words);
    });
    return out;
}

using Words = std::vector<std::string>;

TEST_CASE("recordings: session logs of a folder are one history, other files one each", "[fast]") {
    const std::vector<NamedBytes> mixed = {{"logs/T10.log", session_log(1)},
                                           {"logs/T2.log", session_log(2)},
                                           {"logs/T3.log", ""},
                                           {"logs/.hidden", "x"},
                                           {"b.edn", "bb"},
                                           {"a.edn", "aa"},
                                           {"T1.log", gzip(session_log(3))},
                                           {"empty.edn", ""}};
    const Words expected = {"/x: T1.log", "/x/a.edn: a.edn=aa", "/x/b.edn: b.edn=bb",
                            "/x/logs: T2.log T10.log"};
    const Folder folder;
    for (const NamedBytes& file : mixed) folder.write("/x/" + file.name, file.bytes);
    CHECK(found(folder, "/x") == expected);
    folder.write("/x.tar", packed_together(mixed));
    folder.write("/x.tar.gz", gzip(packed_together(mixed)));
    folder.write("/x.zip", packed_together(mixed, true));
    for (const std::string archive : {"/x.tar", "/x.tar.gz", "/x.zip"}) {
        Words named = expected;
        for (std::string& words : named) words.replace(0, 2, archive);
        CHECK(found(folder, archive) == named);
    }
}

TEST_CASE("recordings: a plain file is a history whatever its name", "[fast]") {
    const Folder folder;
    folder.write("/h.tar", "no archive");
    folder.write("/h.gz", gzip("packed"));
    CHECK(found(folder, "/h.tar") == Words{"/h.tar: h.tar=no archive"});
    CHECK(found(folder, "/h.gz") == Words{"/h.gz: h.gz=packed"});
    CHECK(found(folder, "/none") == Words{"cannot read /none"});
    folder.write("/empty/.hidden", "x");
    CHECK(found(folder, "/empty") == Words{"/empty: expected a history in it"});
}

TEST_CASE("recordings: archives that are cut short or damaged are refused", "[fast]") {
    const std::string tar = packed_together({{"h.edn", std::string(5000, 'h')}});
    for (std::size_t kept = 1024; kept < 5000; kept += 512) {
        CAPTURE(kept);
        CHECK(unpack_archive(tar.substr(0, kept), "n", plenty).code() ==
              ErrorCode::invalid_argument);
    }
    const std::string zip = packed_together({{"h.edn", std::string(5000, 'h')}}, true);
    CHECK_FALSE(unpack_archive(zip.substr(0, 40), "n", plenty));
    CHECK(unpack_archive(tar, "n", 5000)->front().bytes == std::string(5000, 'h'));
    CHECK(unpack_archive(tar, "n", 4999).code() == ErrorCode::too_large);
    CHECK(unpack_archive(zip, "n", 4999).code() == ErrorCode::too_large);
    const std::string two = packed_together({{"a", "12345"}, {"b", "12345"}});
    CHECK(unpack_archive(two, "n", 10)->size() == 2);
    CHECK(unpack_archive(two, "n", 9).code() == ErrorCode::too_large);
}

TEST_CASE("recordings: what is packed twice counts as what it comes to in the end", "[fast]") {
    const std::string member = gzip(std::string(5000, '0'));
    const std::string tar = packed_together({{"a", member}, {"b", member}});
    CHECK(unpack_archive(tar, "n", 10000)->back().bytes == std::string(5000, '0'));
    const auto refused = unpack_archive(tar, "n", 9999);
    CHECK(refused.code() == ErrorCode::too_large);
    CHECK(refused.error().message == "n: unpacks to more than 9999 bytes");
    const auto damaged = unpack_archive(packed_together({{"a", member + "x"}}), "n", 10000);
    CHECK(damaged.error().message.starts_with("n/a: expected gzip data"));
    // A packed file that grows no more than histories do may be large.
    CHECK(unpacked_bytes_max(100) == 256 << 20);
    CHECK(unpacked_bytes_max(10 << 20) == 2000ULL << 20);
    CHECK(unpacked_bytes_max(UINT64_MAX) == 8ULL << 30);
}

TEST_CASE("recordings: members are named within their archive", "[fast]") {
    const Folder folder;
    folder.write("/x.tar", packed_together({{"/etc/h", "hh"}, {"/logs/T1.log", session_log(1)}}));
    CHECK(found(folder, "/x.tar") == Words{"/x.tar/etc/h: h=hh", "/x.tar/logs: T1.log"});
}

}  // namespace
}  // namespace geode::cli
