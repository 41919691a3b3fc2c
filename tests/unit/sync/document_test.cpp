// The documents that the agency's database gets, member by member.
#include "sync/mongo_audio_impl.hpp"
#include "sync/mongo_document_impl.hpp"

#include "unit/store/journal_world.hpp"

#include <bson/bson.h>

namespace holdfast::test {
namespace {

std::string json(const sync::Document& document) {
    std::size_t bytes = 0;
    char* text = bson_as_relaxed_extended_json(document.fields.get(), &bytes);
    std::string out(text, bytes);
    bson_free(text);
    return out;
}

store::Change change(decltype(store::Change::what) what) {
    store::Change row;
    row.number = 7;
    row.utc_ms = 1;
    row.generation = "abc";
    row.seq = 12;
    row.what = std::move(what);
    return row;
}

TEST(MongoDocument, OfAnUtteranceIsNamedByItsCallGenerationAndRow) {
    const auto document = sync::document_of(change(said(1, "help")), "site-1");
    EXPECT_EQ(document.id, sid(1).str() + ":abc:12");
    EXPECT_FALSE(document.grows);
    EXPECT_EQ(document.hash.size(), 64u);
    const auto text = json(document);
    EXPECT_NE(text.find("\"text\" : \"help\""), std::string::npos) << text;
    EXPECT_NE(text.find("\"speaker\" : \"caller\""), std::string::npos) << text;
    EXPECT_NE(text.find("\"schema\" : 1"), std::string::npos) << text;
}

TEST(MongoDocument, HasItsCollection) {
    std::string all;
    for (const auto change_class : store::k_change_classes) all += std::string(sync::collection_of(change_class)) + " ";
    EXPECT_EQ(all, "dispatches incidents active_calls transcripts recordings audit ");
}

TEST(MongoDocument, HasTheSameHashWheneverItIsMade) {
    EXPECT_EQ(sync::document_of(change(said(1, "help")), "site-1").hash, sync::document_of(change(said(1, "help")), "site-1").hash);
    EXPECT_NE(sync::document_of(change(said(1, "help")), "site-1").hash, sync::document_of(change(said(1, "hell")), "site-1").hash);
}

TEST(MongoDocument, OfWhatHasRevisionsGrows) {
    const auto incident_document = sync::document_of(change(store::IncidentState{{3, incident(1, 2)}, {{2, fact(1)}}}), "site-1");
    EXPECT_EQ(incident_document.id, sid(1).str() + ":incident");
    EXPECT_TRUE(incident_document.grows);
    EXPECT_NE(json(incident_document).find("\"normal\" : \"1234 OAK ST\""), std::string::npos);
    auto approved = dispatch(1);
    approved.state = "approved";
    const auto dispatch_document = sync::document_of(change(store::DispatchState{{{3, dispatch(1)}, {4, approved}}}), "site-1");
    EXPECT_EQ(dispatch_document.id, sid(1).str() + ":dispatch:1");
    EXPECT_NE(json(dispatch_document).find("\"state\" : \"approved\", \"rule\""), std::string::npos) << json(dispatch_document);
    store::CallState state;
    state.call.call = sid(1);
    state.call.status = "streaming";
    const auto call = sync::document_of(change(state), "site-1");
    EXPECT_EQ(call.id, sid(1).str());
    EXPECT_NE(json(call).find("\"incident\" : null"), std::string::npos) << json(call);
}

TEST(MongoDocument, OfAnAuditRowIsNamedByTheBox) {
    const auto document = sync::document_of(change(audit("start")), "site-1");
    EXPECT_EQ(document.id, "site-1:abc:12");
    EXPECT_NE(json(document).find("\"call_sid\" : null"), std::string::npos);
}

// What any driver's GridFS reader looks for, under names and types of its specification.
TEST(MongoAudio, OfARecordingIsAGridFsFileAndItsChunks) {
    auto row = recorded(1, "CA1.g.1.wav.sealed");
    const auto made = change(row);
    const auto recording = sync::document_of(made, "site-1");
    const auto file = sync::audio_file(made, "site-1", 70'000, k_now_utc_ms);
    EXPECT_EQ(file.id, recording.id) << "one leads to the other";
    EXPECT_FALSE(file.grows);
    EXPECT_EQ(file.hash, row.sha256);
    const auto holds = [&file](const char* key, bson_type_t type) {
        bson_iter_t it;
        return bson_iter_init_find(&it, file.fields.get(), key) && bson_iter_type(&it) == type;
    };
    EXPECT_TRUE(holds("length", BSON_TYPE_INT64) && holds("chunkSize", BSON_TYPE_INT32) && holds("uploadDate", BSON_TYPE_DATE_TIME));
    const auto text = json(file);
    EXPECT_NE(text.find("\"length\" : 70000"), std::string::npos) << text;
    EXPECT_NE(text.find("\"filename\" : \"CA1.g.1.wav\""), std::string::npos) << "what is given away is not sealed: " << text;
    EXPECT_NE(text.find("\"metadata\" : { \"site_id\" : \"site-1\", \"call_sid\" : \"" + sid(1).str() + "\""), std::string::npos) << text;
    EXPECT_EQ(text.find("_id\" : \"CA"), std::string::npos) << "the sink puts that in";

    const std::string bytes("\0\xff\x7f", 3);
    const auto chunk = sync::audio_chunk(file.id, 12, bytes);
    EXPECT_EQ(chunk.id, file.id + ":12");
    EXPECT_NE(chunk.hash, sync::audio_chunk(file.id, 12, "other").hash);
    bson_iter_t it;
    ASSERT_TRUE(bson_iter_init_find(&it, chunk.fields.get(), "n"));
    EXPECT_EQ(bson_iter_type(&it), BSON_TYPE_INT32);
    ASSERT_TRUE(bson_iter_init_find(&it, chunk.fields.get(), "data") && BSON_ITER_HOLDS_BINARY(&it));
    bson_subtype_t subtype{};
    std::uint32_t length = 0;
    const std::uint8_t* data = nullptr;
    bson_iter_binary(&it, &subtype, &length, &data);
    EXPECT_EQ(subtype, BSON_SUBTYPE_BINARY);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(data), length), bytes);
}

TEST(MongoDocument, X06_WordsAreOnlyEverValues) {
    std::string nasty = "{\"$where\":\"1\"} $set <script> \xff\xfe";
    nasty += std::string("\0", 1) + "end";
    const auto document = sync::document_of(change(said(1, nasty)), "site-1");
    bson_iter_t it;
    ASSERT_TRUE(bson_iter_init_find(&it, document.fields.get(), "text"));
    std::uint32_t bytes = 0;
    const std::string text(bson_iter_utf8(&it, &bytes));
    EXPECT_EQ(text, "{\"$where\":\"1\"} $set <script> \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD" "end");
    EXPECT_EQ(text.size(), bytes);
    EXPECT_TRUE(bson_validate(document.fields.get(),
                              static_cast<bson_validate_flags_t>(BSON_VALIDATE_UTF8 | BSON_VALIDATE_DOLLAR_KEYS | BSON_VALIDATE_DOT_KEYS),
                              nullptr));
}

}  // namespace
}  // namespace holdfast::test
