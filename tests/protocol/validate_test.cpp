#include "protocol/validate.h"

#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "protocol/schema.h"

using namespace maillage::protocol;
namespace json = boost::json;

namespace {

std::vector<Problem> problems_of(std::string_view path, std::string_view text) { return validate(path, as_bytes(text)); }

// The only problem that a record with these fields after kind and name has, as "pointer code".
std::string only_problem(RecordKind kind, std::string_view fields) {
  std::string path = kind == RecordKind::kProfile ? "profile.json" : std::string(folder_of(kind)) + "/x.json";
  std::string text = "{\"kind\":\"" + std::string(slug(kind)) + "\",\"name\":\"x\"," + std::string(fields) + "}";
  auto problems = problems_of(path, text);
  INFO(text);
  for (const Problem& problem : problems) UNSCOPED_INFO(sentence(problem, Language::kEnglish));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].path == path);
  return problems[0].pointer + " " + std::string(slug(problems[0].code));
}

std::string profile(std::string_view fields) { return only_problem(RecordKind::kProfile, fields); }
std::string event(std::string_view fields) { return only_problem(RecordKind::kEvent, fields); }

}  // namespace

TEST_CASE("a missing licence is told by path, pointer, reason and example in both languages") {
  auto problems = problems_of("resources/saw/record.json", R"({"kind":"resource","name":"Scie","type":"equipment"})");
  REQUIRE(problems.size() == 1);
  CHECK(sentence(problems[0], Language::kEnglish) ==
        "resources/saw/record.json: /licence is missing — for example \"CC-BY-SA-4.0\"");
  CHECK(sentence(problems[0], Language::kFrench) ==
        "resources/saw/record.json : /licence manque — par exemple \"CC-BY-SA-4.0\"");
  json::object json = to_json(problems[0], Language::kEnglish);
  CHECK(json.at("pointer") == "/licence");
  CHECK(json.at("code") == "missing-field");
  CHECK(json.at("detail") == "/licence is missing — for example \"CC-BY-SA-4.0\"");
}

TEST_CASE("everything wrong is listed at once, in the order of the schema") {
  auto problems = problems_of("resources/saw.json", R"({"type":"sow","licence":"CC BY SA","kind":"resource","name":"",
    "terms":{"action":"use","radius":-1},"confirmed":"yesterday"})");
  std::vector<std::string> told;
  for (const Problem& problem : problems) told.push_back(problem.pointer + " " + std::string(slug(problem.code)));
  CHECK(told == std::vector<std::string>{"/name empty-field", "/licence bad-licence", "/confirmed bad-date",
                                         "/type not-in-vocabulary", "/terms/action wrong-type",
                                         "/terms/radius out-of-range"});
}

TEST_CASE("the kind must be known and fit the folder") {
  CHECK(only_problem(RecordKind::kNeed, "\"x\":1,\"y\":2,\"unit\":\"\"") == "/unit empty-field");
  auto wrong = problems_of("needs/x.json", R"({"kind":"offer","name":"x"})");
  REQUIRE(wrong.size() == 1);
  CHECK(wrong[0].code == ErrorCode::kWrongKind);
  CHECK(wrong[0].example == "\"need\"");
  CHECK(problems_of("needs/x.json", R"({"kind":"label","name":"x"})")[0].code == ErrorCode::kUnknownKind);
  CHECK(problems_of("labels/x.json", R"({"kind":"label","name":"x"})")[0].code == ErrorCode::kUnknownKind);
  CHECK(problems_of("needs/x.json", R"({"name":"x"})")[0].code == ErrorCode::kMissingField);
  CHECK(problems_of("needs/x.json", R"({"kind":7,"name":"x"})")[0].code == ErrorCode::kWrongType);
}

TEST_CASE("a value outside its vocabulary is refused with the nearest slug as example") {
  CHECK(profile(R"("stage":"ouvert")") == "/stage not-in-vocabulary");
  auto problems = problems_of("profile.json", R"({"kind":"profile","name":"x","activities":["fablab","Médiation numérique"]})");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].pointer == "/activities/1");
  CHECK(problems[0].example == "\"digital-mediation\"");
  CHECK(profile(R"("activities":["fablab","fablab"])") == "/activities/1 duplicate-value");
  CHECK(profile(R"("type":"hub")") == "/type not-in-vocabulary");
}

TEST_CASE("each kind of wrong value in a profile has its own code") {
  CHECK(profile(R"("activities":"fablab")") == "/activities wrong-type");
  CHECK(profile(R"("geo":{"lat":91,"lon":0})") == "/geo/lat out-of-range");
  CHECK(profile(R"("geo":{"lat":48,"lon":-180.5})") == "/geo/lon out-of-range");
  CHECK(profile(R"("geo":{"lat":48})") == "/geo/lon missing-field");
  CHECK(profile(R"("geo":{"lat":"48","lon":2})") == "/geo/lat wrong-type");
  CHECK(profile(R"("capacity":12.5)") == "/capacity wrong-type");
  CHECK(profile(R"("surface":-1)") == "/surface out-of-range");
  CHECK(profile(R"("language":"français")") == "/language bad-language");
  CHECK(profile(R"("licence":"CC-BY-SA")") == "/licence bad-licence");
  CHECK(profile(R"("names":{"breton":"x"})") == "/names/breton bad-language");
  CHECK(profile(R"("names":{"br":7})") == "/names/br wrong-type");
  CHECK(profile(R"("address":{"insee":"2990"})") == "/address/insee bad-insee");
  CHECK(profile(R"("address":{"country":"France"})") == "/address/country bad-country");
  CHECK(profile(R"("address":{"postcode":"9900"})") == "/address/postcode bad-postcode");
  CHECK(profile(R"("opened":"in 2014")") == "/opened bad-date");
  CHECK(profile(R"("governance":{"legalId":{"scheme":"siret","value":"73282932000075"}})") ==
        "/governance/legalId/value bad-legal-id");
  CHECK(profile(R"("contacts":{"website":"konkarlab.example"})") == "/contacts/website bad-url");
  CHECK(profile(R"("contacts":{"email":"bonjour"})") == "/contacts/email bad-email");
  CHECK(profile(R"("contacts":{"phone":"call me"})") == "/contacts/phone bad-phone");
  CHECK(profile(R"("endpoints":["https://x.example"])") == "/endpoints/0 bad-url");
  CHECK(profile(R"("neighbours":["abc"])") == "/neighbours/0 bad-place-id");
  CHECK(profile(R"("maintainers":[{"name":"x","key":"ssh-rsa AAAA"}])") == "/maintainers/0/key bad-key");
  CHECK(profile(R"("confirmed":"22/11/2026")") == "/confirmed bad-date");
  CHECK(profile("\"description\":\"" + std::string(16'001, 'x') + "\"") == "/description text-too-long");
  CHECK(profile(R"("services":[)" + std::string(50, ' ') + R"("kitchen",null])") == "/services/1 wrong-type");
}

TEST_CASE("a postcode of another country is not held to the French form") {
  CHECK(problems_of("profile.json", R"({"kind":"profile","name":"x","address":{"country":"BE","postcode":"7000"}})").empty());
}

TEST_CASE("an event must not end before it starts") {
  CHECK(event(R"("start":"2026-12-05T14:00","end":"2026-12-05T13:59")") == "/end end-before-start");
  CHECK(event(R"("start":"2026-12-05","end":"2026-12-04")") == "/end end-before-start");
  CHECK(event(R"("start":"2026-12-05T14:00:00+01:00","end":"2026-12-05T12:30:00Z")") == "/end end-before-start");
  CHECK(problems_of("events/x.json", R"({"kind":"event","name":"x","start":"2026-12-05","end":"2026-12-05"})").empty());
}

TEST_CASE("each kind of wrong value in an event has its own code") {
  CHECK(event(R"("start":"2026-02-30")") == "/start bad-date");
  CHECK(event(R"("start":"demain")") == "/start bad-date");
  CHECK(event(R"("timeZone":"CET+1")") == "/timeZone bad-time-zone");
  CHECK(event(R"("rrule":"EVERY MONDAY")") == "/rrule bad-recurrence");
  CHECK(event(R"("exdate":["2026-13-01"])") == "/exdate/0 bad-date");
  CHECK(event(R"("price":[{"currency":"EUR"}])") == "/price/0/amount missing-field");
  CHECK(event(R"("price":[{"amount":5,"currency":"€"}])") == "/price/0/currency bad-currency");
  CHECK(event(R"("resources":["../laser"])") == "/resources/0 bad-address");
  CHECK(only_problem(RecordKind::kAdmission, R"("answers":{"address":"x","sha256":")" + std::string(64, 'a') + "\"}") ==
        "/answers/address bad-address");
  CHECK(only_problem(RecordKind::kAdmission, R"("member":"Konk")") == "/member bad-place-id");
}

TEST_CASE("unknown fields are allowed") {
  CHECK(problems_of("events/x.json", R"({"kind":"event","name":"x","mood":{"a":[1]},"geo":{"lat":1,"lon":2,"alt":3}})").empty());
}

TEST_CASE("a file that is no record is not judged") {
  CHECK(problems_of("resources/saw/settings.json", "not json").empty());
  CHECK_FALSE(assess("readme.md", as_bytes("x")).indexable());
}

TEST_CASE("bytes that cannot be read are one problem of the whole file") {
  auto problems = problems_of("profile.json", "{\"kind\":");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].pointer.empty());
  CHECK(problems[0].code == ErrorCode::kNotJson);
  CHECK(problems_of("profile.json", R"({"kind":"profile","kind":"profile","name":"x"})")[0].code == ErrorCode::kDuplicateKey);
}

TEST_CASE("what is refused at publication is kept out of the index, and nothing else is") {
  auto newer = assess("profile.json", as_bytes(R"({"kind":"profile","name":"x","activities":["time-travel"]})"));
  CHECK(newer.is_record);
  CHECK(newer.kind == RecordKind::kProfile);
  CHECK_FALSE(newer.indexable());
  CHECK(newer.fields.at("name") == "x");
  CHECK_FALSE(assess("labels/x.json", as_bytes(R"({"kind":"label","name":"x"})")).indexable());
  CHECK(assess("profile.json", as_bytes(R"({"kind":"profile","name":"x"})")).indexable());
}

TEST_CASE("a record with ten thousand mistakes is answered with a bounded list that says so") {
  std::string many = R"({"kind":"profile","name":"x","names":{)";
  for (int i = 0; i < 10; ++i) many += "\"bad name " + std::to_string(i) + "\":1,";
  many += R"("br":"x"},"feeds":[)";
  for (int i = 0; i < 20; ++i) many += "{\"url\":1,\"type\":2},";
  many += R"({}],"maintainers":[)";
  for (int i = 0; i < 99; ++i) many += "7,";
  auto problems = problems_of("profile.json", many + R"(7]})");
  CHECK(problems.size() <= kProblemsMax);
  std::string lists = R"({"kind":"profile","name":"x","maintainers":[)";
  for (int i = 0; i < 99; ++i) lists += "{\"name\":1,\"key\":2},";
  problems = problems_of("profile.json", lists + "{}]}");
  REQUIRE(problems.size() == kProblemsMax);
  CHECK(problems.back().code == ErrorCode::kTooMany);
}

TEST_CASE("hostile text in a value never reaches the sentence raw") {
  auto problems = problems_of("profile.json", "{\"kind\":\"profile\",\"name\":\"x\",\"stage\":\"\\u001b[31m\\u202e" + std::string(9'000, 'y') + "\"}");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].context.size() < 300);
  CHECK(problems[0].context.find_first_of("\x1b\n") == std::string::npos);
  CHECK(problems[0].context.find("\u202e") == std::string::npos);
}

TEST_CASE("every truncation and flipped bit of every full example is judged without harm") {
  for (RecordKind kind : record_kinds()) {
    std::string path = kind == RecordKind::kProfile ? "profile.json" : std::string(folder_of(kind)) + "/x.json";
    std::string text = json::serialize(schema(kind).at("examples").as_array()[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
      CHECK_FALSE(assess(path, as_bytes(text.substr(0, i))).indexable());
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << (i % 8)));
      for (const Problem& problem : validate(path, as_bytes(flipped))) REQUIRE_FALSE(sentence(problem, Language::kFrench).empty());
    }
  }
}
