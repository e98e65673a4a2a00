// experiment
#include <cstdio>
#include <cstdlib>
#include <string>
#include <map>
#include <chrono>
#include "forecasting/accuracy/wrmsse.h"
#include "forecasting/profile/profile.h"
#include "services/tandem/cli/m5_panel.h"
#include "services/tandem/cli/thread_executor.h"
using namespace tandem;
using namespace tandem::forecasting;
static int DayOfYear(int y,int m,int d){static const int c[]={0,31,59,90,120,151,181,212,243,273,304,334};bool leap=(y%4==0&&y%100!=0)||y%400==0;return c[m-1]+d+(leap&&m>2);}
RetailCalendar CalOf(const cli::M5Panel& p){
  RetailCalendar c; std::map<std::string,int> names;
  int n=p.calendar.day_count(); c.days.resize(n);
  for(auto&e:p.calendar.named) names.emplace(e.name,0);
  int k=0; for(auto&[a,b]:names) b=k++;
  c.event_count=k;
  for(int t=0;t<n;++t){auto day=p.calendar.DayOf(t+1);std::string s=day.ToString();int y=atoi(s.substr(0,4).c_str()),m=atoi(s.substr(5,2).c_str()),d=atoi(s.substr(8,2).c_str());
    c.days[t].weekday=day.Weekday();c.days[t].day_of_month=d;c.days[t].day_of_year=DayOfYear(y,m,d);}
  for(auto&e:p.calendar.named) c.days[e.d-1].events.push_back(names[e.name]);
  for(auto&s:p.states){std::vector<float> r(n,0); auto f=p.calendar.snap.find(s); if(f!=p.calendar.snap.end()) for(int d:f->second) r[d-1]=1; c.regional.push_back(r);}
  return c;
}
int main(int argc,char**argv){
  std::vector<int> origins; for(int k=1;k<argc;++k) if(argv[k][0]!='-') origins.push_back(atoi(argv[k]));
  auto ev=[](const char*n,double d){auto*s=getenv(n);return s?atof(s):d;};
  cli::ThreadExecutor ex(2); double tot=0; std::array<double,12> lv{};
  for(int o:origins){
    auto t0=std::chrono::steady_clock::now();
    auto panel=cli::LoadM5Panel("/work/shared/data/forecasting/m5",{.origin_d=o});
    if(!panel.ok()){puts(panel.status().ToString().c_str());return 1;}
    auto t1=std::chrono::steady_clock::now();
    RetailCalendar cal=CalOf(*panel); ProfilePanel pp; pp.calendar=&cal; pp.pool_count=panel->departments.size();
    size_t D=panel->departments.size();
    pp.groups.resize(panel->stores.size()*D);
    for(size_t i=0;i<panel->series.size();++i){auto&s=panel->series[i];size_t g=s.store*D+s.department;pp.groups[g]={(size_t)s.department,(size_t)s.state};pp.series.push_back({g,panel->History(i),s.listed_day});}
    ProfileOptions opt; 
    opt.season.yearly_harmonics=(int)ev("K",3);opt.season.level_alpha=ev("A",.1);opt.season.penalty_scale=ev("L",.3);opt.season.group_penalty_scale=ev("G",1);opt.season.knot_days=(size_t)ev("KN",120);opt.season.history_days_max=(size_t)ev("HI",1461);opt.item.sharpness=ev("SH",30);opt.item.score_days=(size_t)ev("SD",364);
    auto pr=Profile::Make(pp,opt); if(!pr.ok()){puts(pr.status().ToString().c_str());return 1;}
    auto die=[](absl::Status s){if(!s.ok()){puts(s.ToString().c_str());exit(1);}};
    ex.ForEach(pr->pool_count(),[&](size_t k){die(pr->FitPool(k));});
    ex.ForEach(pr->group_count(),[&](size_t k){die(pr->FitGroup(k));});
    auto t2=std::chrono::steady_clock::now();
    ex.ForEach(pr->series_count(),[&](size_t k){die(pr->FitSeries(k));});
    pr->Align();
    auto t3=std::chrono::steady_clock::now();
    size_t N=panel->series.size(); std::vector<double> F(N*28),A(panel->actual_units.begin(),panel->actual_units.end());
    for(size_t i=0;i<N;++i) pr->Forecast(i,std::span(F).subspan(i*28,28));
    RetailPanel rp; for(size_t i=0;i<N;++i){auto&s=panel->series[i];rp.series.push_back({s.item,s.department,s.category,s.store,s.state,panel->History(i),std::span(A).subspan(i*28,28),std::span(F).subspan(i*28,28),s.dollars});}
    auto w=Wrmsse(rp); if(!w.ok()){puts(w.status().ToString().c_str());return 1;}
    auto t4=std::chrono::steady_clock::now();
    auto sec=[](auto a,auto b){return std::chrono::duration<double>(b-a).count();};
    printf("%d %.4f |",o,w->mean);for(double x:w->by_level)printf(" %.3f",x);printf("  load %.1f season %.1f items %.1f score %.1f\n",sec(t0,t1),sec(t1,t2),sec(t2,t3),sec(t3,t4));fflush(stdout);
    tot+=w->mean;for(int l=0;l<12;++l)lv[l]+=w->by_level[l];
  }
  printf("mean %.4f |",tot/(double)origins.size());for(double x:lv)printf(" %.3f",x/(double)origins.size());puts("");
}
