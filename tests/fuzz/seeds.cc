// Writes inputs that pass, one or a few for each target, as a start for the fuzzers:
//   fuzz_seeds tests/fuzz/corpus
// What fuzzing adds is merged into the same folders (README.md).
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "services/base/fact.h"
#include "services/exchange/column.h"
#include "services/exchange/tile.h"
#include "services/runtime/envelope.h"
#include "services/runtime/feed_cursor.h"
#include "tandem/exchange/v1/facts.pb.h"
#include "tandem/forecast/v1/facts.pb.h"
#include "tandem/governance/v1/facts.pb.h"

namespace {

namespace base = tandem::base;
namespace exchange = tandem::exchange;
namespace runtime = tandem::runtime;
namespace ex = tandem::exchange::v1;
namespace gov = tandem::governance::v1;

std::filesystem::path root;

void Put(const std::string& target, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream(root / target / ("seed_" + name), std::ios::binary) << bytes;
}

// As Input::Sized reads it.
std::string Sized(const std::string& bytes) {
  std::string out;
  out += static_cast<char>(bytes.size() & 0xff);
  out += static_cast<char>(bytes.size() >> 8 & 0xff);
  return out + bytes;
}

std::string Step(char kind, const std::string& rest) { return std::string(1, kind) + rest; }

void PutText() {
  int i = 0;
  for (const char* text : {"firms/acme/items/4711", "agreements/a1/versions/v2",
                           "firms/acme/locations/l1/streams/s", "4006381333931", "036000291452",
                           "96385074", "4012345000009", "123e4567-e89b-12d3-a456-426614174000"}) {
    Put("name", std::to_string(i++), text);
  }
  for (const char* text : {"2016-02-29", "-12.5", "3.125", "9000000000", "9.58", "0.000000001"}) {
    Put("number", std::to_string(i++), text);
  }
}

void PutLog() {
  base::Position position;
  position.Set({base::DomainId::kGovernance, 0}, 17);
  position.Set({base::DomainId::kExchange, 5}, 300);
  Put("position", "position", position.Encode());
  Put("position", "cursor",
      runtime::EncodeCursor(
          {.filter_hash = 7,
           .number = 3,
           .noticed = 2,
           .slots = {{{base::DomainId::kExchange, 5}, {.number = 300, .hash_prefix = 9}}}}));
  std::vector<std::string> facts;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    base::FactRecord record;
    record.number = number;
    record.instant = absl::FromUnixNanos(static_cast<std::int64_t>(number));
    record.actor.firm = "acme";
    record.actor.principal = "ann";
    if (number == 2) {
      record.request_id = "123e4567-e89b-12d3-a456-426614174000";
      record.request_digest = std::string(16, 'd');
    }
    record.fact = {.kind = 16, .payload = std::string(number * 90, 'p')};
    facts.push_back(runtime::EncodeFact(record));
  }
  Put("group", "three",
      runtime::EncodeGroup({.log_id = 7,
                            .slot = {base::DomainId::kExchange, 3},
                            .term = 1,
                            .seq = 1,
                            .first_number = 1,
                            .count = 3},
                           facts));
  // Claims, groups that fit, groups of a wrong term, seq and hash, and bytes of neither form.
  Put("log_rules", "turns",
      std::string("\x01\x00\x0a\x02\x00\x00\x00pay1\x02\x00\x00\x00pay2\x01\x00\x0b\x01\xff\x0c"
                  "\x02\xff\x00\x00pay3\x02\x00\xff\x00pay4\x02\x00\x00\xffpay5\x00\x03\x00GR\x01",
                  53));
}

void PutColumns() {
  std::vector<std::int64_t> sales;
  std::vector<std::int64_t> days;
  exchange::Tile tile;
  for (std::int64_t i = 0; i < 300; ++i) {
    sales.push_back(i % 7 * 1000);
    days.push_back(16'000 + i);
    tile.Set(static_cast<std::size_t>(i % 64), static_cast<std::size_t>(i % 128),
             {.value_milli = i % 5 * 1000,
              .revision = static_cast<std::uint32_t>(i % 3),
              .arrival = static_cast<std::uint64_t>(1 + i % 2)});
  }
  Put("column", "sales", exchange::EncodeColumn(sales));
  Put("column", "days", exchange::EncodeColumn(days));
  Put("column", "wide", exchange::EncodeColumn(std::vector<std::int64_t>{INT64_MIN, 0, INT64_MAX}));
  Put("tile", "mixed", tile.Encode());
  Put("tile", "empty", exchange::Tile().Encode());
}

gov::Terms Terms() {
  gov::Terms terms;
  terms.add_parties("firms/acme");
  terms.add_parties("firms/bolt");
  gov::Scope& scope = *terms.add_scopes();
  scope.set_owner("firms/acme");
  scope.add_items("i1");
  scope.add_items("i2");
  scope.add_locations("l1");
  gov::Grant& grant = *terms.add_grants();
  grant.set_owner("firms/acme");
  grant.set_reader("firms/bolt");
  grant.add_kinds(gov::DATA_KIND_SALES);
  grant.add_purposes("forecasting");
  grant.add_derivations("forecast");
  terms.mutable_lead_roles()->set_sales_forecast("firms/acme");
  gov::ExceptionCriterion& criterion = *terms.add_exception_criteria();
  criterion.set_criterion("gap");
  criterion.set_metric("SALES");
  criterion.set_threshold_permille(100);
  terms.set_horizon_days(28);
  terms.set_bucket_days(7);
  terms.set_retention_days(365);
  return terms;
}

void PutGovernance() {
  const std::string terms = Terms().SerializeAsString();
  Put("governance_terms", "whole", terms);
  const auto admit = [](char firm) {
    return Step(0, std::string(1, firm) + "abc" + std::string(1, 0) + "\x03" + std::string(1, 0));
  };
  // Admit two firms, offer, sign, revoke: each with its stamp's firm and principal.
  Put("governance_fact", "agreement",
      admit(0) + admit(1) + Step(3, Sized(terms) + std::string({0, 0, 0, 0, 0})) +
          Step(4, std::string({0, 1, 0})) + Step(5, std::string({0, 1, 0})));
  // The same in force, a break-glass that the operator opens, and one that a party closes.
  Put("governance_fact", "break_glass",
      admit(0) + admit(1) + Step(3, Sized(terms) + std::string({0, 0, 0, 0, 0})) +
          Step(4, std::string({0, 1, 0})) + Step(8, std::string({0, 0, 60, 3, 0})) +
          Step(9, std::string({0, 0, 'n', 'o', 1, 0})));
  gov::AgreementOffered offered;
  offered.set_agreement("r0");
  offered.set_version(1);
  offered.set_terms(terms);
  offered.set_terms_hash(std::string(32, 'h'));
  offered.set_party("acme");
  Put("governance_fact", "any", Step(7, Step(4, Sized(offered.SerializeAsString()))));
}

ex::IngestRequest Block(std::int64_t number, std::int64_t value) {
  ex::IngestRequest request;
  request.set_block(number);
  request.set_close_batch(number == 2);
  ex::SeriesBlock& series = *request.mutable_series();
  for (const char* item : {"i1", "i2", "i65"}) series.add_items(item);
  series.set_measure(ex::MEASURE_SALES);
  for (std::uint32_t run = 0; run < 3; ++run) {
    series.add_run_item(run);
    series.add_run_first_day(16'127);
    series.add_run_length(2);
    series.add_value_milli(value);
    series.add_value_milli(value + 1000);
  }
  return request;
}

// One byte each, as the steps read them.
const std::string kZero(1, 0);
const std::string kOne(1, 1);

void PutExchangeStream() {
  ex::IngestRequest prices;
  prices.set_block(1);
  prices.set_close_batch(true);
  ex::PriceBlock& block = *prices.mutable_prices();
  block.add_items("i1");
  block.add_item(0);
  block.add_first_day(16'000);
  block.add_last_day(16'100);
  block.add_value(958);
  block.set_scale(2);
  block.set_currency_code("USD");
  ex::IngestRequest again = Block(3, 5000);
  again.mutable_series()->set_revision(1);
  again.set_close_batch(true);
  Put("exchange_fact", "stream",
      Step(0, Sized(Block(1, 1000).SerializeAsString()) + kZero) +
          Step(0, Sized(Block(2, 1000).SerializeAsString()) + kZero) + Step(4, kZero) +
          Step(0, Sized(again.SerializeAsString()) + kZero) + Step(4, kZero) +
          Step(3, kZero + "\x01") + Step(4, kZero) +
          Step(0, Sized(prices.SerializeAsString()) + kOne) + Step(3, kOne + "\x01"));
}

void PutExchangeReports() {
  ex::SeriesBlock stock;
  stock.add_items("i7");
  stock.add_run_item(0);
  stock.add_run_first_day(16'200);
  stock.add_value_milli(7000);
  stock.set_stock_status(ex::STOCK_STATUS_FREE);
  ex::RegisterItemsRequest items;
  ex::Item& item = *items.add_items();
  item.set_name("firms/acme/items/i1");
  item.set_unit_code("C62");
  item.set_gtin("4006381333931");
  item.add_hierarchy("FOODS");
  Put("exchange_fact", "reports",
      Step(1, Sized(stock.SerializeAsString())) + Step(4, kOne) +
          Step(5, kZero + Sized(items.SerializeAsString())) +
          Step(7, std::string("\x01\x00\x30\x00", 4)));
}

void PutExchangeRegisters() {
  ex::PutEventsRequest events;
  ex::Event& event = *events.add_events();
  event.set_event("e1");
  event.mutable_start_date()->set_year(2016);
  event.mutable_start_date()->set_month(5);
  event.mutable_start_date()->set_day(22);
  *event.mutable_end_date() = event.start_date();
  ex::PutPromotionsRequest promotions;
  ex::Promotion& promotion = *promotions.add_promotions();
  promotion.set_promotion("p1");
  promotion.add_items("i1");
  *promotion.mutable_start_date() = event.start_date();
  *promotion.mutable_end_date() = event.start_date();
  promotion.set_revision(1);
  ex::Plan plan;
  plan.set_name("firms/acme/plans/p1");
  plan.set_location("l1");
  *plan.mutable_start_date() = event.start_date();
  plan.set_bucket_days(7);
  plan.set_bucket_count(2);
  plan.add_items("i1");
  plan.add_quantity_milli(1000);
  plan.add_quantity_milli(2000);
  Put("exchange_fact", "puts",
      Step(6, kZero + Sized(events.SerializeAsString())) +
          Step(6, kOne + Sized(promotions.SerializeAsString())) +
          Step(6, "\x02" + Sized(plan.SerializeAsString())));
}

void PutExchange() {
  PutExchangeStream();
  PutExchangeReports();
  PutExchangeRegisters();
  ex::BatchClosed closed;
  closed.set_owner("acme");
  closed.set_location("l1");
  closed.set_stream("s");
  Put("exchange_fact", "any", Step(8, Step(9, Sized(closed.SerializeAsString()))));
}

void PutForecast() {
  tandem::forecast::v1::SeriesColumns columns;
  columns.set_owner("firms/acme");
  columns.add_items("i1");
  columns.add_items("i2");
  columns.add_locations("l1");
  for (std::uint32_t series = 0; series < 2; ++series) {
    columns.add_item_index(series);
    columns.add_location_index(0);
    for (int bucket = 0; bucket < 3; ++bucket) columns.add_mean_milli(std::int64_t{1000} * bucket);
  }
  tandem::forecast::v1::QuantileColumns quantiles;
  for (int value = 0; value < 12; ++value) quantiles.add_value_milli(1000 + value);
  // Stage (basis, parent, id, purpose, day, buckets, length, levels, caller), upload, publish, run.
  Put("forecast_fact", "published",
      Step(0, std::string("\x05\x01\x00\x01\x00\x20\x03\x00\x00\x00", 10)) +
          Step(1, Sized(columns.SerializeAsString()) + Sized("") + std::string("\x00\x01\x00", 3)) +
          Step(2, std::string("\x00\x01\x00", 3)) +
          Step(4, std::string("\x01\x00\x20\x0e\x00", 5)) +
          Step(5, std::string("\x01\x00\x00", 3)));
  Put("forecast_fact", "with_quantiles",
      Step(0, std::string("\x05\x01\x00\x01\x00\x20\x03\x00\x07\x00\x10\x00\x20\x00", 14)) +
          Step(1, Sized(columns.SerializeAsString()) + Sized(quantiles.SerializeAsString()) +
                      std::string("\x00\x01\x00", 3)) +
          Step(2, std::string("\x00\x01\x00", 3)));
  tandem::forecast::v1::ChunkUploaded chunk;
  chunk.set_agreement("r");
  chunk.set_version("v0");
  chunk.set_chunk(1);
  chunk.set_series(columns.SerializeAsString());
  Put("forecast_fact", "any", Step(6, Step(1, Sized(chunk.SerializeAsString()))));
}

void PutCsv() {
  Put("csv_reader", "quoted", std::string(1, 0) + "a,b\r\n\"x,\"\"y\"\"\n\",2\n\n\xef\xbb\xbf,3\n");
  Put("csv_reader", "semicolons", std::string(1, 0x31) + "a;b\n1;\"2\"\n");
  Put("csv_reader", "broken", std::string(1, 0x50) + "a,b\n\"x\"y,2\n1,\"never ends");
  const char* const files[] = {
      "item,unit_code,gtin,display_name,hierarchy,partner_numbers\n"
      "i1,C62,4006381333931,Pen,A/B,acme=4711;bolt=12\n",
      "location,kind,gln,display_name,time_zone,hierarchy\nl1,STORE,4012345000009,S,Europe/Berlin,"
      "DE\n",
      "event,first_date,last_date,display_name,kind,locations\ne1,2016-05-01,,May,National,l1;l2\n",
      "location,promotion,items,first_date,last_date,mechanism,uplift_permille,revision\n"
      "l1,p1,i1;i2,2016-05-01,2016-05-08,price,1500,1\n",
      "location,item,date,quantity,revision\nl1,i1,2016-05-01,3,\nl1,i1,2016-05-02,-1.5,2\n",
      "location,item,date,quantity,revision,stock_owner,status\nl1,i1,2016-05-01,3,,bolt,FREE\n",
      "location,item,first_date,last_date,price,currency,revision\nl1,i1,2016-05-01,2016-05-08,9."
      "58,"
      "USD,1\n",
      "plan,location,item,date,quantity,bucket_days,revision\np1,l1,i1,2016-05-02,5,7,1\n"};
  char kind = 0;
  for (const char* const file : files) {
    Put("csv_rows", std::to_string(kind), std::string(1, kind) + Sized("") + file);
    ++kind;
  }
  const std::string mapping =
      "delimiter = \";\"\ndecimal = \",\"\ndate = \"DD.MM.YYYY\"\n[columns]\nitem = \"Nr\"\n"
      "[constants]\nlocation = \"l1\"\n[factors]\nquantity = \"12\"  # cartons\n";
  Put("csv_rows", "mapped",
      Step(4, Sized(mapping) + "Nr;date;quantity\ni1;01.05.2016;1,5\ni2;31.04.2016;1\n"));
  const std::string calendar =
      "date,wm_yr_wk,weekday,wday,month,year,d,event_name_1,event_type_1,event_name_2,event_type_2,"
      "snap_CA,snap_TX,snap_WI\n2011-01-29,11101,Saturday,1,1,2011,d_1,,,,,0,0,0\n"
      "2011-01-30,11101,Sunday,2,1,2011,d_2,SuperBowl,Sporting,,,1,1,0\n";
  Put("csv_m5", "two_days",
      Sized(calendar) + Sized("store_id,item_id,first_listed\nCA_1,i1,2\n") +
          Sized("item_id,dept_id,cat_id,store_id,state_id,d_1,d_2\ni1,F_1,F,CA_1,CA,0,3\n") +
          "store_id,item_id,wm_yr_wk,sell_price\nCA_1,i1,11101,9.58\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
    return 2;
  }
  root = argv[1];
  PutText();
  PutLog();
  PutColumns();
  PutGovernance();
  PutExchange();
  PutForecast();
  PutCsv();
  return 0;
}
