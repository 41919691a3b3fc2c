// What callers said, sealed: with its key it opens where it belongs, without it nowhere.
#include "unit/store/journal_world.hpp"

#include "store/vault.hpp"

namespace holdfast::test {
namespace {

using store::Key;
using store::MasterKeys;
using store::Vault;

const std::string k_first(64, 'a');
const std::string k_second = std::string(63, 'b') + "0";

MasterKeys keys(const std::string& text) {
    auto parsed = MasterKeys::parse(base::Secret(text));
    EXPECT_TRUE(parsed);
    return *parsed;
}

TEST(VaultKeys, AreHexadecimalDigitsWithCommas) {
    for (const std::string& good : {k_first, k_first + "," + k_second}) EXPECT_TRUE(MasterKeys::parse(base::Secret(good)));
    std::string nine = k_first;
    for (int i = 0; i < 8; ++i) nine += "," + k_second;
    for (const std::string& bad : {std::string(), std::string("abc"), k_first + ",", "," + k_first, k_first.substr(1) + "g", k_first + k_second, nine}) {
        const auto parsed = MasterKeys::parse(base::Secret(bad));
        ASSERT_FALSE(parsed) << bad;
        EXPECT_EQ(parsed.error().code, std::string("master_key"));
        EXPECT_EQ(parsed.error().detail.find("aaa"), std::string::npos) << "a key in a message";
    }
}

TEST(VaultTexts, OpenOnlyWithTheirKeyAndInTheirPlace) {
    const Key key = Key::random();
    const auto place = store::sealed_for(sid(1).str(), "utterance.text", 7);
    const auto sealed = store::stored_sealed(key, place, "somebody fell");
    EXPECT_TRUE(store::is_sealed(sealed));
    EXPECT_EQ(sealed.find("fell"), std::string::npos);
    EXPECT_NE(sealed, store::stored_sealed(key, place, "somebody fell")) << "a nonce was used twice";
    EXPECT_EQ(store::revealed(sealed, {Key::random(), key}, place), "somebody fell");
    EXPECT_FALSE(store::revealed(sealed, {Key::random()}, place));
    EXPECT_FALSE(store::revealed(sealed, {}, place));
    for (const auto& other : {store::sealed_for(sid(2).str(), "utterance.text", 7), store::sealed_for(sid(1).str(), "utterance.text", 8),
                              store::sealed_for(sid(1).str(), "fact.value", 7)}) {
        EXPECT_FALSE(store::revealed(sealed, {key}, other)) << "moved to " << other;
    }
    // The last letters before the padding have bits that mean nothing.
    for (std::size_t at = 4; at + 3 < sealed.size(); ++at) {
        auto changed = sealed;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        EXPECT_NE(store::revealed(changed, {key}, place).value_or(""), "somebody fell") << "byte " << at;
    }
    EXPECT_EQ(store::stored_sealed(key, place, ""), "");
}

TEST(VaultTexts, PlainOnesThatLookSealedStayWhatTheyAre) {
    for (const std::string text : {"hello", "", "hf1:aGVsbG8=", "hf0:hf1:x", "hf0:"}) {
        EXPECT_EQ(store::revealed(store::stored_plain(text), {}, "anywhere"), text);
    }
}

TEST(VaultKeys, AreSealedUnderTheNewestAndOpenWithEach) {
    const Key key = Key::random();
    const auto old = keys(k_first);
    const auto both = keys(k_second + "," + k_first);
    const auto sealed = old.seal("x", key);
    ASSERT_TRUE(both.open("x", sealed));
    EXPECT_EQ(both.open("x", sealed)->bytes(), key.bytes());
    EXPECT_FALSE(both.open("y", sealed)) << "of another call";
    EXPECT_FALSE(keys(k_second).open("x", sealed));
    EXPECT_EQ(both.open("x", both.seal("x", key))->bytes(), key.bytes());
    EXPECT_FALSE(old.open("x", both.seal("x", key)));
}

TEST(VaultKeys, SealedToThePublicHalfOpenWithTheMasterKeyOnly) {
    const Key key = Key::random();
    const auto master = keys(k_first);
    const auto sealed = store::seal_to_public(master.public_half(), "x", key);
    ASSERT_TRUE(sealed);
    ASSERT_TRUE(master.open("x", *sealed));
    EXPECT_EQ(master.open("x", *sealed)->bytes(), key.bytes());
    EXPECT_FALSE(master.open("y", *sealed));
    EXPECT_FALSE(keys(k_second).open("x", *sealed));
    EXPECT_TRUE(keys(k_second + "," + k_first).open("x", *sealed)) << "after a rotation";
    for (const std::string bad : {"", "x", "0123456789abcdef:00"}) EXPECT_FALSE(store::seal_to_public(bad, "x", key));
}

TEST(VaultKeys, AreTheSameByTheirTextOrByWhatTheyOpen) {
    const auto call = sid(1).str();
    const Vault old(keys(k_first), false);
    const Vault both(keys(k_second + "," + k_first), false);
    const Vault none(std::nullopt, true);
    const Key key = Key::random();
    const auto first = old.seal_key("call_key " + call, key);
    const auto again = both.seal_key("call_key " + call, key);
    const auto other = old.seal_key("call_key " + call, Key::random());
    auto damaged = first;
    damaged[40] = damaged[40] == 'A' ? 'B' : 'A';
    for (const Vault* vault : {&old, &both, &none}) {
        EXPECT_TRUE(vault->holds(call, first, first));
        EXPECT_TRUE(vault->holds(call, other + " " + first, first));
        EXPECT_TRUE(vault->holds(call, first, damaged));
        EXPECT_FALSE(vault->holds(call, first, other));
        EXPECT_FALSE(vault->holds(call, "", first));
        EXPECT_EQ(vault->with_more(call, first, first), std::nullopt);
        EXPECT_EQ(vault->with_more(call, first, other + " " + first), first + " " + other);
    }
    EXPECT_TRUE(both.holds(call, again, first)) << "another sealing";
    EXPECT_FALSE(both.holds(sid(2).str(), again, first)) << "of another call";
    EXPECT_FALSE(none.holds(call, again, first)) << "nobody can tell";
    std::string many;
    for (std::size_t i = 0; i < store::k_sealed_keys_max; ++i) many += (many.empty() ? "" : " ") + old.seal_key("call_key " + call, Key::random());
    EXPECT_EQ(old.with_more(call, many, first), std::nullopt) << "there is no room";
}

TEST(VaultCalls, AreRememberedUpToALimit) {
    Vault vault(keys(k_first), false);
    for (unsigned i = 0; i <= Vault::k_calls_max; ++i) (void)vault.make(sid(i).str(), "");
    EXPECT_TRUE(vault.cached(sid(0).str()).empty());
    EXPECT_EQ(vault.cached(sid(1).str()).size(), 1u);
    vault.forget(sid(1).str());
    EXPECT_TRUE(vault.cached(sid(1).str()).empty());
}

class SealedJournal : public JournalTest {
  protected:
    SealedJournal() { options.master_keys = keys(k_first); }
    // All bytes that lie beside the journal.
    std::string bytes() {
        std::string all;
        for (const auto& entry : std::filesystem::directory_iterator(folder())) all += read_file(entry.path().string());
        return all;
    }
    static store::Utterance heard(unsigned number, const std::string& text) {
        auto row = said(number, text);
        row.item_id = "item_1";
        return row;
    }
    void a_call(unsigned number) {
        write(opened(number));
        write(heard(number, "somebody fell from a ladder"));
        write(fact(number));
        write(incident(number));
        write(dispatch(number));
        write(outbox(number));
        write(ended(number));
    }
    void expect_readable(unsigned number) {
        const auto detail = call(number);
        ASSERT_TRUE(detail);
        EXPECT_EQ(detail->call.from.reveal(), "+15550100123");
        EXPECT_EQ(texts(number), std::vector<std::string>{"somebody fell from a ladder"});
        EXPECT_EQ(detail->facts[0].fact.value.reveal(), "12 34 Oak Street");
        EXPECT_EQ(detail->incidents[0].incident.place.reveal(), "1234 OAK ST");
        EXPECT_EQ(detail->dispatches[0].dispatch.place.reveal(), "1234 OAK ST");
        const auto owed = ask<store::Owed>([&](auto done) { journal->read_owed("cad", done); });
        EXPECT_EQ(owed->documents.at(0).body.reveal(), R"({"place":"1234 OAK ST"})");
    }
};

TEST_F(SealedJournal, NoWordStandsInAFileAndEveryOneIsRead) {
    open();
    a_call(1);
    EXPECT_EQ(journal->status().encryption, "on");
    for (const char* word : {"ladder", "Oak Street", "OAK ST", "5550100123"}) EXPECT_EQ(bytes().find(word), std::string::npos) << word;
    EXPECT_NE(bytes().find("place_and_type"), std::string::npos) << "what no one needs to be kept from is plain";
    expect_readable(1);
    die();
    open();
    expect_readable(1);
    close();
    for (const char* word : {"ladder", "Oak Street", "OAK ST", "5550100123"}) EXPECT_EQ(bytes().find(word), std::string::npos) << word;
}

TEST_F(SealedJournal, OneCallsKeyOpensNoOther) {
    open();
    a_call(1);
    a_call(2);
    close();
    sql(options.path, "UPDATE call_key SET sealed = (SELECT sealed FROM call_key WHERE call_sid = '" + sid(2).str() +
                          "') WHERE call_sid = '" + sid(1).str() + "'; UPDATE call_key SET crc = 0");
    open();
    expect_readable(1);  // from the second copy
    expect_readable(2);
}

TEST_F(SealedJournal, D16_WithoutTheMasterKeyNothingIsWrittenInTheClearAndAllIsThereWhenItIsBack) {
    open();
    a_call(1);
    close();
    options.master_keys.reset();
    options.master_key_unreadable = true;
    open();
    EXPECT_EQ(journal->status().encryption, "key_missing");
    EXPECT_TRUE(call(1)->call.unreadable);
    EXPECT_TRUE(call(1)->utterances[0].unreadable);
    EXPECT_EQ(texts(1), std::vector<std::string>{""});
    const auto changes = ask<store::Changes>([&](auto done) { journal->read_changes({"mongodb", store::ChangeClass::transcript, 10, 1000}, done); });
    ASSERT_FALSE(changes) << "an empty text would be sent for ever";
    EXPECT_EQ(changes.error().code, std::string("key_missing"));
    write(opened(2));
    write(heard(2, "somebody fell from a ladder"));
    write(heard(1, "a late word"));
    EXPECT_EQ(texts(2), std::vector<std::string>{"somebody fell from a ladder"}) << "of this run: its key is in memory";
    EXPECT_EQ(bytes().find("ladder"), std::string::npos);
    EXPECT_EQ(bytes().find("late word"), std::string::npos);
    die();
    options.master_keys = keys(k_first);
    options.master_key_unreadable = false;
    open();
    EXPECT_EQ(texts(2), std::vector<std::string>{"somebody fell from a ladder"});
    EXPECT_EQ(texts(1), (std::vector<std::string>{"somebody fell from a ladder", "a late word"}));
    EXPECT_EQ(journal->status().encryption, "on");
}

TEST_F(SealedJournal, D16_AFreshDatabaseKnowsThePublicHalfFromTheWatermark) {
    open();
    a_call(1);
    close();
    std::filesystem::remove(options.path);
    options.master_keys.reset();
    open();
    EXPECT_EQ(journal->status().encryption, "key_missing");
    write(opened(2));
    write(heard(2, "somebody fell from a ladder"));
    EXPECT_EQ(bytes().find("ladder"), std::string::npos);
}

TEST_F(SealedJournal, KeysComeUnderANewMasterKey) {
    open();
    a_call(1);
    a_call(2);
    close();
    options.master_keys = keys(k_second + "," + k_first);
    open();
    expect_readable(1);
    const auto under_the_first = "m1:" + keys(k_first).id() + ":";
    ASSERT_TRUE(eventually([&] { return bytes().find(under_the_first) == std::string::npos || !journal->status().keys_to_rotate; }));
    close();
    options.master_keys = keys(k_second);
    open();
    expect_readable(1);
    expect_readable(2);
    EXPECT_EQ(journal->status().keys_to_rotate, 0);
}

TEST_F(SealedJournal, KeysThatNoMasterKeyOpensDoNotHoldUpTheOthers) {
    constexpr unsigned k_unreadable = 120;  // more than two bites
    constexpr unsigned k_all = 230;
    const std::string third(64, 'c');
    const auto calls = [&](unsigned from, unsigned to) {
        AckBox box;
        for (unsigned number = from; number <= to; ++number) ASSERT_TRUE(journal->append(opened(number), box.next()));
        ASSERT_TRUE(box.wait(to - from + 1));
    };
    open();
    calls(1, k_unreadable);
    close();
    options.master_keys = keys(k_second);
    open();
    calls(k_unreadable + 1, k_all);
    ASSERT_TRUE(eventually([&] { return journal->status().keys_unreadable == k_unreadable; })) << "said before anything else is to be done";
    close();
    options.master_keys = keys(third + "," + k_second);
    open();
    const auto settled = [&] { return journal->status().keys_to_rotate == 0 && journal->status().keys_unreadable == k_unreadable; };
    ASSERT_TRUE(eventually(settled)) << journal->status().keys_unreadable;
    close();
    const auto under = [&](const std::string& key) {
        return sql(options.path, "SELECT count(*) || ' ' || min(call_sid) FROM call_key WHERE sealed LIKE 'm1:" + keys(key).id() + ":%'");
    };
    EXPECT_EQ(under(third), "110 " + sid(k_unreadable + 1).str());
    EXPECT_EQ(under(k_first), "120 " + sid(1).str()) << "as it was";
    options.master_keys = keys(third + "," + k_first);
    open();
    const auto last = sid(k_unreadable).str() + "m1:" + keys(third).id();
    ASSERT_TRUE(eventually([&] { return read_file(options.path + "-wal").find(last) != std::string::npos; }));
    ASSERT_TRUE(eventually([&] { return journal->status().keys_to_rotate == 0; }));
    EXPECT_EQ(call(1)->call.from.reveal(), "+15550100123");
    EXPECT_EQ(call(k_all)->call.from.reveal(), "+15550100123");
    EXPECT_EQ(journal->status().keys_unreadable, 0);
    close();
    EXPECT_EQ(under(third), "230 " + sid(1).str());
}

TEST(VaultKeys, OneOfTwoMayBeOpenedLater) {
    const auto call = sid(1).str();
    const Vault old(keys(k_first), false);
    const Vault both(keys(k_second + "," + k_first), false);
    const Vault newest(keys(k_second), false);
    const auto first = old.seal_key("call_key " + call, Key::random());
    const auto second = newest.seal_key("call_key " + call, Key::random());
    const auto half = newest.sealed_anew(call, second + " " + first);
    EXPECT_FALSE(half.whole);
    EXPECT_EQ(half.sealed, second + " " + first) << "what cannot be opened is kept";
    const auto all = both.sealed_anew(call, second + " " + first);
    EXPECT_TRUE(all.whole);
    EXPECT_EQ(all.sealed.substr(0, second.size()), second) << "it was under the newest";
    EXPECT_TRUE(newest.sealed_anew(call, all.sealed).whole);
}

TEST_F(SealedJournal, X12_APurgedCallIsNowhereAndItsPurgeIsTold) {
    open();
    a_call(1);
    a_call(2);
    close();
    const auto key = sql(options.path, "SELECT sealed FROM call_key WHERE call_sid = '" + sid(1).str() + "'");
    const auto text = sql(options.path, "SELECT text FROM utterance WHERE call_sid = '" + sid(1).str() + "'");
    open();
    write(seam(2, "gap"));
    ASSERT_NE(bytes().find(key), std::string::npos);
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    EXPECT_FALSE(call(1));
    expect_readable(2);
    ASSERT_TRUE(eventually([&] { return bytes().find(key) == std::string::npos; })) << "the key is still in a file";
    EXPECT_EQ(bytes().find(text), std::string::npos);
    ASSERT_TRUE(eventually([&] { return journal->status().verified_utc_ms.has_value(); }));
    EXPECT_EQ(journal->status().losses, 0) << journal->status().loss;
    close();
    EXPECT_EQ(sql(options.path, "SELECT count(*) FROM audit WHERE action = 'purge' AND call_sid = '" + sid(1).str() + "'"), "1");
}

TEST_F(SealedJournal, RowsOfADamagedFileOpenInTheNext) {
    open();
    a_call(1);
    close();
    overwrite(options.path, 0, std::string(16, '\xa5'));
    open();
    ASSERT_TRUE(eventually([&] { return journal->status().reason.empty(); }));
    expect_readable(1);
}

TEST_F(SealedJournal, TheKeyOfARecordingIsTheCallsAndGoesWithIt) {
    open();
    a_call(1);
    const auto keys = journal->recording_keys(sid(1), k_deadline);
    ASSERT_EQ(keys.size(), 1u);
    EXPECT_TRUE(journal->recording_keys(sid(9), k_deadline).empty()) << "there is no such call";
    reopen();
    ASSERT_EQ(journal->recording_keys(sid(1), k_deadline).size(), 1u);
    EXPECT_EQ(journal->recording_keys(sid(1), k_deadline)[0].bytes(), keys[0].bytes());
    write(store::Purge{sid(1), k_now_utc_ms, false, "retention", "days"});
    EXPECT_TRUE(journal->recording_keys(sid(1), k_deadline).empty());
}

TEST_F(SealedJournal, WhatWasPlainStaysReadable) {
    options.master_keys.reset();
    open();
    a_call(1);
    EXPECT_EQ(journal->status().encryption, "off");
    close();
    options.master_keys = keys(k_first);
    open();
    expect_readable(1);
    write(heard(1, "hidden from now on"));
    EXPECT_EQ(bytes().find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
