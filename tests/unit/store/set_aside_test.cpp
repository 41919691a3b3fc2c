// Files that were set aside: a purge reaches what lies in them, and nothing is taken from them that the journal does not have.
#include "unit/store/journal_world.hpp"

#include "store/database.hpp"
#include "store/vault.hpp"
#include "store/wipe.hpp"

#include <algorithm>

namespace holdfast::test {
namespace {

const std::string k_first(64, 'a');
const std::string k_second(64, 'b');

store::MasterKeys keys(const std::string& text) { return *store::MasterKeys::parse(base::Secret(text)); }

bool ends_in(const std::string& name, const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

// Answers for the store thread: everything may go, or nothing.
void answer_all(store::Wipe& wipe, bool may_go) {
    ASSERT_TRUE(eventually([&] {
        if (const auto found = wipe.take()) wipe.answer(std::vector<bool>(found->size(), may_go));
        return wipe.finished();
    }));
}

TEST(SealedSpots, AreFoundBehindTheirCallSid) {
    const auto one = keys(k_first).seal("x", store::Key::random());
    const auto two = *store::seal_to_public(keys(k_first).public_half(), "x", store::Key::random());
    EXPECT_EQ(store::sealed_key_length(one + "..."), one.size());
    EXPECT_EQ(store::sealed_key_length(two + "..."), two.size());
    const std::string bytes = "CAxx" + sid(1).str() + one + " " + two + std::string(3, '\0') + sid(2).str() + two + one + sid(3).str() +
                              "hf1:aaaa" + one;
    const auto spots = store::sealed_keys_in(bytes);
    ASSERT_EQ(spots.size(), 3u);
    EXPECT_EQ(spots[0].sid + spots[0].sealed, sid(1).str() + one);
    EXPECT_EQ(spots[1].sid + spots[1].sealed, sid(1).str() + two) << "a second key of the call";
    EXPECT_EQ(spots[2].sid + spots[2].sealed, sid(2).str() + two);
    EXPECT_EQ(bytes.substr(spots[1].at, two.size()), two);
    EXPECT_EQ(store::sealed_keys_in(bytes, 3).size(), 0u);
    EXPECT_EQ(store::sealed_keys_in(bytes, 5).size(), 2u) << "begun in these bytes";
    for (std::size_t at = 0; at < one.size(); ++at) {
        auto damaged = one;
        damaged[at] = '\x01';
        EXPECT_EQ(store::sealed_keys_in(sid(1).str() + damaged).size(), 1u) << "one letter can be guessed: " << at;
    }
    EXPECT_TRUE(store::sealed_keys_in(sid(1).str() + std::string(one.size(), 'x')).empty()) << "wiped";
    EXPECT_TRUE(store::sealed_keys_in(sid(1).str() + one.substr(0, 40)).empty());
}

class SetAside : public JournalTest {
  protected:
    SetAside() { options.master_keys = keys(k_first); }

    void a_call(unsigned number, const std::string& words = "somebody fell") {
        write(opened(number, 1));
        write(said(number, words));
        write(ended(number));
    }
    void open_and_settle() {
        open();
        ASSERT_TRUE(eventually([&] { return journal->status().reason.empty() && journal->status().verified_utc_ms; }));
    }
    void damage() { overwrite(options.path, 0, "not a database.."); }
    std::string aside() const { return folder() + "/" + files_like(folder(), ".damaged-").at(0); }
    std::size_t keys_in(const std::string& path, unsigned number) const {
        const auto spots = store::sealed_keys_in(read_file(path));
        return static_cast<std::size_t>(
            std::count_if(spots.begin(), spots.end(), [&](const store::SealedSpot& spot) { return spot.sid == sid(number).str(); }));
    }
    std::size_t keys_anywhere(unsigned number) const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder())) count += keys_in(entry.path().string(), number);
        return count;
    }
    // Keys of the call in every file but the journal itself.
    std::size_t keys_aside(unsigned number) const {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder())) {
            const auto path = entry.path().string();
            if (!ends_in(path, "holdfast.db") && !ends_in(path, "holdfast.db-wal")) count += keys_in(path, number);
        }
        return count;
    }
    // The journal of a call as it was before its key came under another master key, moved aside; the path.
    std::string set_aside_before_a_rotation() {
        open();
        a_call(1);
        close();
        const auto old = read_file(options.path);
        options.master_keys = keys(k_second + "," + k_first);
        open();
        const auto newest = "m1:" + keys(k_second).id();
        EXPECT_TRUE(eventually([&] { return read_file(options.path + "-wal").find(newest) != std::string::npos; }));
        close();
        const auto path = options.path + ".damaged-20260101T000000Z-1";
        write_file(path, old);
        return path;
    }
    void expect_no_keys_aside(unsigned number) {
        EXPECT_TRUE(eventually([&] { return keys_aside(number) == 0; })) << keys_aside(number);
    }
    const std::vector<std::string> fell{"somebody fell"};
};

TEST_F(SetAside, X12_KeysGoFromAFileOnceTheyAreHereAndAPurgedCallIsNowhere) {
    open();
    a_call(1);
    a_call(2);
    close();
    damage();
    ASSERT_GE(keys_anywhere(1), 2u);
    open_and_settle();
    expect_no_keys_aside(1);
    expect_no_keys_aside(2);
    EXPECT_EQ(texts(1), fell);
    EXPECT_EQ(texts(2), fell);
    EXPECT_NE(read_file(aside()).find("hf1:"), std::string::npos) << "the sealed words are still there: the test tests nothing";
    EXPECT_EQ(journal->status().files_set_aside, 1);
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    EXPECT_TRUE(eventually([&] { return keys_anywhere(1) == 0; }));
    EXPECT_GE(keys_anywhere(2), 2u);
    reopen();
    EXPECT_FALSE(call(1));
    EXPECT_EQ(texts(2), fell);
    close();
    EXPECT_EQ(sql(options.path, "SELECT done FROM salvage"), "2");
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM audit WHERE action = 'set_aside_wiped'"), "1");
    EXPECT_EQ(sql(options.path, "SELECT detail FROM audit WHERE action = 'purge'"), "reason=days") << "nothing of it is left to be told";
}

TEST_F(SetAside, X12_AWipedLogStillHasEveryOtherRow) {
    open();
    for (unsigned number = 1; number <= 20; ++number) a_call(number);
    die();
    const auto count = [&](const char* what) {
        store::Database db(options.path, "", store::Database::Mode::salvage);
        const auto found = db.number(what);
        EXPECT_TRUE(db.ok()) << db.failure().text();
        return found;
    };
    const auto log = options.path + "-wal";
    ASSERT_GT(store::sealed_keys_in(read_file(log)).size(), 20u) << "no key in the log: the test tests nothing";
    const auto links = count("SELECT count(*) FROM chain");
    {
        store::Wipe wipe(options.path, [] {});
        answer_all(wipe, false);
        EXPECT_EQ(wipe.wiped(), 0);
        EXPECT_GT(wipe.left(), 20);
    }
    EXPECT_EQ(count("SELECT count(*) FROM call_key WHERE crc IS row_crc(call_sid, sealed)"), 20) << "what may not go was changed";
    store::Wipe wipe(options.path, [] {});
    answer_all(wipe, true);
    EXPECT_GT(wipe.wiped(), 20);
    EXPECT_EQ(wipe.left(), 0);
    EXPECT_FALSE(wipe.failed());
    EXPECT_TRUE(store::sealed_keys_in(read_file(log)).empty());
    EXPECT_EQ(count("SELECT count(*) FROM chain"), links) << "frames of the log were lost";
    EXPECT_EQ(count("SELECT count(*) FROM call_key"), 20);
    EXPECT_EQ(count("SELECT count(*) FROM call_key WHERE crc IS row_crc(call_sid, sealed)"), 0);
    EXPECT_EQ(count("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

TEST_F(SetAside, X12_AKeyBehindTheEndOfOnePieceIsFoundInTheNext) {
    const auto one = keys(k_first).seal("x", store::Key::random());
    const std::size_t piece = 1 << 20;
    for (const std::size_t before : {piece - 1, piece - 34, piece - 60, piece}) {
        const auto path = state / "long";
        write_file(path, std::string(before, '.') + sid(1).str() + one + std::string(100, '.'));
        store::Wipe wipe(path, [] {});
        answer_all(wipe, true);
        EXPECT_EQ(wipe.wiped(), 1) << before;
        EXPECT_EQ(read_file(path), std::string(before, '.') + sid(1).str() + std::string(one.size(), 'x') + std::string(100, '.'));
    }
}

TEST_F(SetAside, X12_WhatWasInterruptedGoesOnAtTheNextStart) {
    open();
    a_call(1);
    close();
    damage();
    const auto damaged = read_file(options.path);
    open();
    close();  // most likely before the rows are here
    open_and_settle();
    expect_no_keys_aside(1);
    close();
    // Killed when the rows were here and their keys still there as well.
    write_file(aside(), damaged);
    sql(options.path, "UPDATE salvage SET done = 1");
    ASSERT_GT(keys_aside(1), 0u);
    open();
    expect_no_keys_aside(1);
    EXPECT_EQ(texts(1), fell);
}

TEST_F(SetAside, X12_APurgedCallDoesNotComeBackWhenItsFileIsReadAgain) {
    open();
    a_call(1);
    a_call(2);
    close();
    damage();
    const auto damaged = read_file(options.path);
    open_and_settle();
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    close();
    // Killed before the end of the salvage, with the purge in between.
    write_file(aside(), damaged);
    sql(options.path, "UPDATE salvage SET done = 0");
    open_and_settle();
    expect_no_keys_aside(1);
    expect_no_keys_aside(2);
    EXPECT_FALSE(call(1));
    EXPECT_EQ(texts(2), fell);
    EXPECT_EQ(keys_anywhere(1), 0u);
}

TEST_F(SetAside, X12_AnotherSealingOfTheSameKeyGoesAsWell) {
    set_aside_before_a_rotation();
    open();
    expect_no_keys_aside(1);
    EXPECT_EQ(texts(1), fell);
}

TEST_F(SetAside, X12_AKeyThatNobodyCanTellStaysUntilItsCallIsPurged) {
    const auto path = set_aside_before_a_rotation();
    const auto old = read_file(path);
    options.master_keys = keys(k_second);
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().keys_set_aside == 2; })) << journal->status().keys_set_aside;
    EXPECT_EQ(read_file(path), old);
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    expect_no_keys_aside(1);
    EXPECT_TRUE(eventually([&] { return journal->status().keys_set_aside == 0; }));
}

TEST_F(SetAside, X12_AKeyThatWasNotBroughtOverStays) {
    open();
    a_call(1);
    close();
    const auto path = options.path + ".damaged-20260101T000000Z-1";
    std::filesystem::rename(options.path, path);
    std::filesystem::remove(options.path + ".watermark");
    const auto old = read_file(path);
    open();
    a_call(2);
    ASSERT_TRUE(eventually([&] { return journal->status().keys_set_aside == 2; }));
    write(store::Purge{sid(2), k_now_utc_ms, false, "retention", "days"});
    ASSERT_TRUE(eventually([&] { return keys_anywhere(2) == 0; }));
    reopen();
    ASSERT_TRUE(eventually([&] { return journal->status().keys_set_aside == 2; }));
    EXPECT_EQ(read_file(path), old) << "nothing else has these";
}

TEST_F(SetAside, ACallThatWentOnUnderAKeyOfItsOwnHasBoth) {
    open();
    write(opened(1, 1));
    write(said(1, "before"));
    close();
    const auto path = options.path + ".damaged-20260101T000000Z-1";
    std::filesystem::rename(options.path, path);
    std::filesystem::remove(options.path + ".watermark");
    open();
    write(said(1, "after"));
    close();
    sql(options.path, "UPDATE salvage SET done = 0, below_seq = 9223372036854775807");
    open_and_settle();
    EXPECT_EQ(texts(1), (std::vector<std::string>{"before", "after"}));
    expect_no_keys_aside(1);
    reopen();
    EXPECT_EQ(texts(1), (std::vector<std::string>{"before", "after"}));
}

TEST_F(SetAside, X12_WordsInTheClearAreToldAtAPurgeAndGoWithTheirFile) {
    options.master_keys.reset();
    open();
    a_call(1);
    a_call(2);
    close();
    damage();
    open_and_settle();
    ASSERT_TRUE(eventually([&] { return journal->status().files_set_aside == 1; }));
    const auto file = aside();
    AckBox box;
    ASSERT_TRUE(journal->append(store::Purge{sid(1), k_now_utc_ms, false, "operator", "asked for"}, box.next()));
    ASSERT_TRUE(box.wait(1));
    EXPECT_EQ(box.last().set_aside, 1);
    EXPECT_NE(read_file(file).find("somebody fell"), std::string::npos);

    auto hold = audit(store::k_hold, sid(2));
    write(hold);
    journal->remove_set_aside(INT64_MAX);
    EXPECT_EQ(texts(2), fell);  // an answer after that question
    EXPECT_TRUE(std::filesystem::exists(file)) << "a held call may lack what only this file has";
    write(audit(store::k_release, sid(2)));
    reopen();
    ASSERT_TRUE(eventually([&] {
        journal->remove_set_aside(2);
        return journal->status().files_set_aside == 1;
    }));
    EXPECT_TRUE(std::filesystem::exists(file)) << "it is younger than that";
    ASSERT_TRUE(eventually([&] {
        journal->remove_set_aside(INT64_MAX);
        return journal->status().files_set_aside == 0;
    }));
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_EQ(texts(2), fell);
    close();
    EXPECT_EQ(sql(options.path, "SELECT detail FROM audit WHERE action = 'purge'"), "reason=asked for set_aside=1");
    EXPECT_EQ(sql(options.path, "SELECT detail FROM audit WHERE action = 'set_aside_removed'"), file);
    EXPECT_EQ(sql(options.path, "SELECT done FROM salvage"), "3");
}

}  // namespace
}  // namespace holdfast::test
