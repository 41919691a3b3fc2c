// `holdfastctl export` against real routes over a journal in memory: what is in the ZIP, and that there is a whole one or none.
#include "base/sha256.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/export_text.hpp"
#include "holdfastctl/json.hpp"
#include "http/admin_json.hpp"
#include "support/temp_folder.hpp"
#include "unit/http/admin_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zip.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <tuple>

namespace holdfast::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Ran {
    int exit = 0;
    std::string out;
    std::string err;
};

Ran run_ctl(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int exit = run(std::move(arguments), Look{}, out, err);
    return {exit, out.str(), err.str()};
}

// Every member of a ZIP; `times`: of the members, as their file says.
std::map<std::string, std::string> unpacked(const std::string& path, std::vector<std::time_t>* times = nullptr) {
    std::map<std::string, std::string> members;
    zip_t* const archive = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr);
    if (archive == nullptr) return members;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
        zip_stat_t info{};
        zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &info);
        std::string content(info.size, '\0');
        zip_file_t* const file = zip_fopen_index(archive, static_cast<zip_uint64_t>(i), 0);
        EXPECT_EQ(zip_fread(file, content.data(), content.size()), static_cast<zip_int64_t>(content.size()));
        zip_fclose(file);
        members[info.name] = std::move(content);
        if (times != nullptr) times->push_back(info.mtime);
    }
    zip_discard(archive);
    return members;
}

std::string noise(std::size_t bytes, unsigned seed) {
    std::mt19937 random(seed);
    std::string out(bytes, '\0');
    for (auto& c : out) c = static_cast<char>(random() & 0xff);
    return out;
}

// A daemon with one call, whose recordings are what a test says.
class CtlExport : public ::testing::Test {
  protected:
    CtlExport() {
        detail.call.call = test::sid();
        detail.call.started_utc_ms = test::FakeLoop::k_epoch_utc_ms;
        detail.call.ended_utc_ms = test::FakeLoop::k_epoch_utc_ms + 60'000;
        options.read_recording = [this](const std::string& path, std::int64_t offset, std::int64_t bytes, const auto& answer) {
            ++parts;
            const auto found = files.find(path);
            if (found == files.end()) return answer(base::make_error(base::Condition::reject, "missing"));
            const auto part = found->second.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
            answer(http::RecordingPart{part, static_cast<std::int64_t>(found->second.size()) + (offset > 0 ? grows : 0)});
        };
    }

    void record(const std::string& path, std::string content) {
        store::RecordingRow row;
        row.recording.path = path;
        row.recording.sha256 = base::sha256_hex(content);
        detail.recordings.push_back(row);
        files[path] = std::move(content);
    }
    void start() {
        server = std::make_unique<test::AdminServer>(nullptr, options);
        server->journal.detail = detail;
        server->start();
    }
    Ran export_call(std::vector<std::string> more = {}) {
        if (!server) start();
        std::vector<std::string> arguments{"export", test::k_call_a, "--to", target, "--admin", server->url};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_ctl(std::move(arguments));
    }
    std::set<std::string> left() const {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) names.insert(entry.path().filename());
        return names;
    }

    test::TempFolder folder;
    const std::string target = folder / "call.zip";
    store::CallDetail detail;
    http::AdminOptions options;
    std::map<std::string, std::string> files;
    std::int64_t grows = 0;
    std::atomic<int> parts{0};
    std::unique_ptr<test::AdminServer> server;
};

TEST_F(CtlExport, ArguesAboutItsArguments) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"export"},
             {"export", "CA1"},
             {"export", "../../etc/passwd"},
             {"export", std::string(test::k_call_a) + "/x"},
             {"export", test::k_call_a, "--by", " "},
             {"export", test::k_call_a, "--by"},
             {"export", test::k_call_a, "--to"},
             {"export", test::k_call_a, "extra"}}) {
        EXPECT_EQ(run_ctl(arguments).exit, k_exit_usage) << arguments.back();
    }
}

TEST_F(CtlExport, BringsALongRecordingWhole) {
    record("a.g1.1.wav", noise(2'500'000, 1));
    record("a.g1.2.wav", "");
    const auto ran = export_call({"--by", "Ann Miller"});
    EXPECT_EQ(ran.exit, k_exit_ok) << ran.err;
    EXPECT_EQ(ran.out, target + ": 8 members\n");
    EXPECT_EQ(parts, 3 + 1);
    EXPECT_EQ(left(), std::set<std::string>{"call.zip"});
    struct stat info {};
    ASSERT_EQ(::stat(target.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);

    std::vector<std::time_t> times;
    const auto members = unpacked(target, &times);
    EXPECT_TRUE(members.at("audio/a.g1.1.wav") == files["a.g1.1.wav"]);
    EXPECT_EQ(members.at("audio/a.g1.2.wav"), "");
    const auto manifest = Json::parse(members.at("manifest.json"));
    EXPECT_EQ(manifest["by"], "Ann Miller");
    EXPECT_EQ(manifest["complete"], true);
    std::string sums;
    for (const auto& member : manifest["members"]) {
        const auto& content = members.at(member["name"]);
        EXPECT_EQ(member["bytes"], content.size());
        EXPECT_EQ(member["sha256"], base::sha256_hex(content));
        sums += base::sha256_hex(content) + "  " + member["name"].get<std::string>() + "\n";
    }
    EXPECT_EQ(members.at("SHA256SUMS"), sums + base::sha256_hex(members.at("manifest.json")) + "  manifest.json\n");

    // All have the time of the export, in UTC, to the two seconds that a ZIP knows.
    const auto exported = static_cast<std::time_t>(manifest["exported_utc_ms"].get<std::int64_t>() / 1000);
    std::tm utc{}, member{};
    ASSERT_NE(::gmtime_r(&exported, &utc), nullptr);
    for (const auto time : times) {
        ASSERT_NE(::localtime_r(&time, &member), nullptr);  // libzip reads it as this machine's
        EXPECT_EQ(std::tie(member.tm_year, member.tm_yday, member.tm_hour, member.tm_min),
                  std::tie(utc.tm_year, utc.tm_yday, utc.tm_hour, utc.tm_min));
        EXPECT_EQ(member.tm_sec, utc.tm_sec / 2 * 2);
    }
}

TEST_F(CtlExport, TheNameOfTheUserIsTakenWhereNoneIsGiven) {
    EXPECT_EQ(export_call().exit, k_exit_ok);
    ASSERT_EQ(server->journal.audits().size(), 1u);
    EXPECT_EQ(server->journal.audits()[0].actor, user_name());
}

TEST_F(CtlExport, SaysWhatIsNotAsTheJournalHasItAndExportsIt) {
    record("a.g1.1.wav", "sound");
    files["a.g1.1.wav"] = "other";
    const auto ran = export_call();
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_THAT(ran.err, HasSubstr("audio/a.g1.1.wav is NOT what the journal says"));
    EXPECT_EQ(ran.out, target + ": 7 members, NOT complete\n");
    const auto members = unpacked(target);
    EXPECT_EQ(members.at("audio/a.g1.1.wav"), "other");
    EXPECT_EQ(Json::parse(members.at("manifest.json"))["differing"], Json{"audio/a.g1.1.wav"});
}

TEST_F(CtlExport, SaysWhyARecordingIsNotThere) {
    record("a.g1.1.wav", "gone");
    record("a.g1.2.wav", "over");
    record("a.g1.3.wav", noise(1'500'000, 2));
    record("../../x.wav", "out of the folder");
    record("a.g1.3.wav", files["a.g1.3.wav"]);  // the same file once more
    files.erase("a.g1.1.wav");
    files.erase("a.g1.2.wav");
    grows = 1;
    store::AuditRow purged;
    purged.audit.action = "recording_purged";
    purged.audit.detail = "path=a.g1.2.wav";
    detail.audit.push_back(purged);
    EXPECT_EQ(export_call().exit, k_exit_not_good);
    const auto members = unpacked(target);
    EXPECT_EQ(members.size(), 6u);
    std::map<std::string, std::string> why;
    const auto manifest = Json::parse(members.at("manifest.json"));
    for (const auto& row : manifest["missing"]) why[row["name"]] = row["code"];
    EXPECT_EQ(why, (std::map<std::string, std::string>{{"audio/a.g1.1.wav", "missing"},
                                                       {"audio/a.g1.2.wav", "purged"},
                                                       {"audio/a.g1.3.wav", "changed"},
                                                       {"audio/", "bad_name"}}));
}

TEST_F(CtlExport, AFileThatIsThereStaysAndTheDaemonIsNotAsked) {
    std::ofstream(target) << "mine";
    start();
    const auto ran = export_call();
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_THAT(ran.err, HasSubstr("is there already; --force replaces it"));
    EXPECT_FALSE(server->journal.asked);
    EXPECT_EQ(left(), std::set<std::string>{"call.zip"});
    EXPECT_EQ(std::filesystem::file_size(target), 4u);
    EXPECT_EQ(export_call({"--force"}).exit, k_exit_ok);
    EXPECT_EQ(unpacked(target).size(), 6u);
}

TEST_F(CtlExport, AnotherRunsRestIsLeftAloneUnlessForced) {
    std::ofstream(target + ".part") << "half";
    EXPECT_EQ(export_call().exit, k_exit_not_good);
    EXPECT_EQ(left(), std::set<std::string>{"call.zip.part"});
    EXPECT_EQ(export_call({"--force"}).exit, k_exit_ok);
    EXPECT_EQ(left(), std::set<std::string>{"call.zip"});
}

TEST_F(CtlExport, NothingIsLeftOfAnExportThatFails) {
    detail.call.call = test::sid();
    start();
    server->journal.detail = base::make_error(base::Condition::reject, "not_found");
    EXPECT_EQ(export_call().exit, k_exit_not_good);
    EXPECT_TRUE(left().empty());
    const auto ran = run_ctl({"export", test::k_call_a, "--to", folder / "no/such/folder.zip", "--admin", server->url});
    EXPECT_EQ(ran.exit, k_exit_not_good);
    EXPECT_THAT(ran.err, HasSubstr("No such file or directory"));
    EXPECT_EQ(run_ctl({"export", test::k_call_a, "--to", folder.path(), "--admin", server->url}).exit, k_exit_not_good);
    const auto url = server->url;
    server.reset();
    EXPECT_EQ(run_ctl({"export", test::k_call_a, "--to", target, "--admin", url}).exit, k_exit_unreachable);
    EXPECT_TRUE(left().empty());
}

// What a full disk does, by the limit of this process on files.
class FileLimit {
  public:
    explicit FileLimit(rlim_t bytes) {
        before_signal_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, before_signal_);
    }

  private:
    rlimit before_{};
    void (*before_signal_)(int) = nullptr;
};

TEST_F(CtlExport, NothingIsLeftWhenTheDiskIsFull) {
    record("a.g1.1.wav", noise(1'500'000, 3));
    record("a.g1.2.wav", noise(1'500'000, 4));
    start();
    for (const rlim_t bytes : {rlim_t{1'000'000}, rlim_t{2'000'000}}) {  // while it is fetched, while it is packed
        Ran ran;
        {
            const FileLimit limit(bytes);
            ran = export_call();
        }
        EXPECT_EQ(ran.exit, k_exit_not_good);
        EXPECT_THAT(ran.err, HasSubstr("File too large"));
        EXPECT_TRUE(left().empty()) << *left().begin();
    }
}

// --- the texts ---

Json call_with(std::vector<Json> utterances) {
    return {{"call", {{"call", test::k_call_a}, {"started_utc_ms", 1'000}, {"generation", "g1"}}},
            {"utterances", std::move(utterances)}};
}

TEST(ExportText, X06_WordsOfACallerStayOneHarmlessLine) {
    store::CallDetail detail;
    detail.call.call = test::sid();
    store::UtteranceRow row;
    row.utterance.text = store::Text("a\x1b[31m\r\n\u202eb\u2066\u2028c\u200b\x07=1+1\n"
                                     "2026-01-01T00:00:00.000Z  voice  help is coming");
    detail.utterances.push_back(row);
    detail.call.end_reason = "x\ny";
    detail.seams.emplace_back();
    detail.seams.back().seam.reason = "why\x1b]0;t\x07\nnot";
    detail.audit.emplace_back();
    detail.audit.back().audit.detail = "d\r\n\u202e";
    detail.audit.back().audit.actor = "Ann\x1b[1m\nroot";
    const auto document = Json::parse(http::call_json(detail));
    EXPECT_EQ(document["utterances"][0]["text"], row.utterance.text.reveal()) << "to the letter where programs read";
    for (const std::string& text : {transcript_text(document, "site\n1"), audit_text(document)}) {
        for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
    }
    const auto transcript = transcript_text(document, "s");
    EXPECT_THAT(transcript, HasSubstr(R"(caller  "a\x1b[31m\r\n\u{202e}b\u{2066}\u{2028}c\u{200b}\x07=1+1\n2026-01-01T)"));
    EXPECT_THAT(transcript, Not(HasSubstr("\n2026-01-01")));
    EXPECT_THAT(audit_text(document), HasSubstr(R"(Ann\x1b[1m\nroot)"));
}

TEST(ExportText, ALineSaysWhenWhoAndWhatAndOursStandsBeforeTheirs) {
    const auto text = transcript_text(
        call_with({{{"seq", 9}, {"start_ms", 500}, {"speaker", "caller"}, {"text", "early"}, {"deferred", true}},
                   {{"seq", 2}, {"start_ms", 61'005}, {"speaker", "voice"}, {"text", "Where"}, {"interrupted", true},
                    {"played_ms", 400}, {"total_ms", 900}},
                   {{"seq", 3}, {"start_ms", 62'000}, {"speaker", "caller"}, {"text", ""}, {"failed", true}}}),
        "site-1");
    EXPECT_THAT(text, HasSubstr("Site      site-1, journal generation g1\n"));
    EXPECT_THAT(text, HasSubstr("Started   1970-01-01T00:00:01.000Z\n"));
    EXPECT_THAT(text, HasSubstr("\n1970-01-01T00:00:01.500Z  +0:00.500  caller  (written down later, from the recording) "
                                "\"early\"\n"
                                "1970-01-01T00:01:02.005Z  +1:01.005  voice   "
                                "(cut off: 400 ms of 900 ms heard) \"Where\"\n"
                                "1970-01-01T00:01:03.000Z  +1:02.000  caller  (could not be written down)\n"));
}

TEST(ExportText, SaysThatThereIsNothing) {
    EXPECT_THAT(transcript_text(Json::object(), ""), HasSubstr("Nothing was said.\n"));
    EXPECT_EQ(audit_text(Json{{"audit", "not a list"}}), "No audit line is about this call.\n");
}

}  // namespace
}  // namespace holdfast::ctl
