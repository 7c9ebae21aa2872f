//! Every route of `/api/v1` in one table: method, path, what it needs, and as what its write stands in the audit log.
//!
//! The document `openapi.json` says the same to others; a test holds both together.

use super::{
    Admin, administrators, alarms, app_settings, apps, audit, credential_check, credential_test, credentials,
    dashboard, debug, openapi, secrets, sign_in, strategies, token04, traces, users,
};
use crate::store::Role;
use axum::{
    Router,
    http::Method,
    routing::{delete, get, patch, post, put},
};

/// What a route needs of who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    /// Nothing.
    Open,
    /// This role at least.
    Role(Role),
}

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub need: Need,
    /// Empty for what changes nothing.
    pub action: &'static str,
}

const OPEN: Need = Need::Open;
const VIEWER: Need = Need::Role(Role::Viewer);
const OPERATOR: Need = Need::Role(Role::Operator);
const OWNER: Need = Need::Role(Role::Owner);

macro_rules! routes {
    ($($method:ident $path:literal $need:ident $action:literal => $handler:path;)+) => {
        pub(super) const ROUTES: &[Route] = &[$(Route {
            method: stringify!($method),
            path: $path,
            need: $need,
            action: $action,
        }),+];

        pub(super) fn router() -> Router<Admin> {
            let router = Router::new();
            $(let router = router.route($path, $method($handler));)+
            router
        }
    };
}

routes! {
    get "/openapi.json" OPEN "" => openapi::document;

    get "/setup" OPEN "" => sign_in::needed;
    post "/setup/check" OPEN "" => sign_in::check;
    post "/setup" OPEN "setup" => sign_in::set_up;
    post "/login" OPEN "login" => sign_in::log_in;
    post "/logout" VIEWER "logout" => sign_in::log_out;
    get "/me" VIEWER "" => sign_in::me;
    put "/me/password" VIEWER "password.change" => sign_in::change_password;

    get "/administrators" OWNER "" => administrators::all;
    post "/administrators" OWNER "admin.create" => administrators::create;
    patch "/administrators/{administrator}" OWNER "admin.change" => administrators::change;
    post "/administrators/{administrator}/reset" OWNER "admin.reset" => administrators::reset;
    get "/audit" OWNER "" => audit::entries;

    get "/apps" VIEWER "" => apps::all;
    post "/apps" OWNER "app.create" => apps::create;
    get "/apps/{app}" VIEWER "" => apps::one;
    patch "/apps/{app}" OPERATOR "app.change" => apps::change;
    patch "/apps/{app}/settings" OPERATOR "app.settings" => app_settings::change;
    get "/policies" VIEWER "" => app_settings::policies;
    post "/apps/{app}/secrets/reveal" OPERATOR "secret.reveal" => secrets::reveal;
    post "/apps/{app}/secrets/{secret}/rotate" OPERATOR "secret.rotate" => secrets::rotate;
    post "/apps/{app}/secrets/{secret}/retire" OPERATOR "secret.retire" => secrets::retire;

    get "/vendors" VIEWER "" => credentials::vendors;
    get "/apps/{app}/credentials" VIEWER "" => credentials::all;
    post "/apps/{app}/credentials/check" OPERATOR "" => credential_check::check;
    put "/apps/{app}/credentials/{vendor}/{appType}" OPERATOR "credential.put" => credentials::put;
    delete "/apps/{app}/credentials/{vendor}/{appType}" OPERATOR "credential.remove" => credentials::remove;
    post "/apps/{app}/credentials/{vendor}/{appType}/test" OPERATOR "credential.test" => credential_test::test;
    post "/apps/{app}/credentials/{vendor}/{appType}/resume" OPERATOR "credential.resume" => credentials::resume;
    get "/apps/{app}/strategies" VIEWER "" => strategies::all;
    put "/apps/{app}/strategies/{resourcesID}" OPERATOR "strategy.put" => strategies::put;
    delete "/apps/{app}/strategies/{resourcesID}" OPERATOR "strategy.remove" => strategies::remove;
    post "/apps/{app}/strategies-preview" VIEWER "" => strategies::preview;

    post "/apps/{app}/dry-run" VIEWER "" => debug::dry_run;
    post "/apps/{app}/debug/dry-run" VIEWER "" => debug::dry_run_to;
    post "/apps/{app}/debug/send" OPERATOR "debug.send" => debug::send;

    get "/traces/{id}" VIEWER "" => traces::one;
    get "/apps/{app}/traces" VIEWER "" => traces::search;
    get "/apps/{app}/traces/{id}" VIEWER "" => traces::one_of_app;
    get "/apps/{app}/traces/{id}/devices" VIEWER "" => traces::devices;
    get "/apps/{app}/traces/{id}/export" VIEWER "" => traces::export;

    get "/apps/{app}/users" VIEWER "" => users::page;
    get "/apps/{app}/users/{user}" VIEWER "" => users::one;
    get "/apps/{app}/users/{user}/traces" VIEWER "" => traces::of_user;
    post "/apps/{app}/users/{user}/kick" OPERATOR "user.kick" => users::kick;
    get "/apps/{app}/push-ids/{pushID}" VIEWER "" => users::push_id;
    post "/apps/{app}/push-ids/{pushID}/unbind" OPERATOR "push_id.unbind" => users::unbind;

    get "/dashboard" VIEWER "" => dashboard::now;
    get "/series" VIEWER "" => dashboard::series;
    get "/alarms" VIEWER "" => alarms::lasting;

    post "/apps/{app}/token04" OPERATOR "token.make" => token04::make;
    post "/apps/{app}/token04/decode" OPERATOR "" => token04::decode;
}

/// The route of a request that matched this path. What GET answers, HEAD answers.
pub(super) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    let name = if method == Method::HEAD { "get".to_owned() } else { method.as_str().to_ascii_lowercase() };
    ROUTES.iter().find(|route| route.method == name && route.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type Roles = BTreeMap<(String, String), String>;

    #[test]
    fn the_document_has_every_route_with_its_role_and_no_other() {
        let document: serde_json::Value = serde_json::from_str(openapi::TEXT).unwrap();
        let mut written = Roles::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let role = operation["x-role"].as_str().unwrap().to_owned();
                written.insert((path.clone(), method.clone()), role);
            }
        }
        let built: Roles = ROUTES
            .iter()
            .map(|route| {
                let role = match route.need {
                    Need::Open => "open",
                    Need::Role(role) => role.as_str(),
                };
                ((route.path.to_owned(), route.method.to_owned()), role.to_owned())
            })
            .collect();
        assert_eq!(built.len(), ROUTES.len(), "a route stands twice in the table");
        assert_eq!(built, written);
    }

    #[test]
    fn what_reads_is_not_audited_and_what_a_viewer_may_call_writes_nothing_of_an_app() {
        for route in ROUTES {
            assert!(route.method != "get" || route.action.is_empty(), "{}", route.path);
            let writes = !route.action.is_empty() && route.path.contains("{app}");
            assert!(!(writes && route.need == VIEWER), "{} {}", route.method, route.path);
        }
    }
}
