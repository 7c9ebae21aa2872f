//! Administrators behind both doors: the server's writer and readers, and the command line's own transactions.

use super::{SqliteStore, ToolStore, administrators as rows, trouble::Trouble};
use crate::store::{
    Administrator, AdministratorChange, AdministratorChanged, AdministratorStore, AuditEntry, AuditFilter,
    Link, LinkUse, NewAdministrator, NewLogin, StoreError, TokenHash,
};
use hongyan_vendors::Secret;
use rusqlite::Connection;

impl SqliteStore {
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(look).await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.queue.run(move |work| change(work.sql)).await
    }
}

macro_rules! administers {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl AdministratorStore for $store {
            async fn administrators(&self) -> Result<Vec<Administrator>, StoreError> {
                self.read(rows::all).await
            }

            async fn create_administrator(
                &self,
                new: NewAdministrator,
                now_ms: u64,
            ) -> Result<Option<Administrator>, StoreError> {
                self.write(move |sql| rows::create(sql, &new, now_ms)).await
            }

            async fn change_administrator(
                &self,
                id: u64,
                change: AdministratorChange,
            ) -> Result<AdministratorChanged, StoreError> {
                self.write(move |sql| rows::change(sql, id, &change)).await
            }

            async fn put_link(
                &self,
                hash: TokenHash,
                administrator: Option<u64>,
                expires_at: u64,
            ) -> Result<(), StoreError> {
                self.write(move |sql| rows::put_link(sql, &hash, administrator, expires_at)).await
            }

            async fn link(&self, hash: TokenHash, now_ms: u64) -> Result<Option<Link>, StoreError> {
                self.read(move |sql| rows::link(sql, &hash, now_ms)).await
            }

            async fn use_link(
                &self,
                hash: TokenHash,
                first_name: String,
                password: Secret,
                now_ms: u64,
            ) -> Result<LinkUse, StoreError> {
                self.write(move |sql| rows::use_link(sql, &hash, &first_name, &password, now_ms)).await
            }

            async fn set_password(
                &self,
                id: u64,
                password: Option<Secret>,
                keep: Option<TokenHash>,
            ) -> Result<bool, StoreError> {
                self.write(move |sql| rows::set_password(sql, id, password.as_ref(), keep.as_ref())).await
            }

            async fn begin_login(&self, login: NewLogin) -> Result<(), StoreError> {
                self.write(move |sql| rows::begin_login(sql, &login)).await
            }

            async fn login(
                &self,
                hash: TokenHash,
                now_ms: u64,
            ) -> Result<Option<(Administrator, u64)>, StoreError> {
                self.read(move |sql| rows::login(sql, &hash, now_ms)).await
            }

            async fn end_login(&self, hash: TokenHash) -> Result<(), StoreError> {
                self.write(move |sql| rows::end_login(sql, &hash)).await
            }

            async fn note(&self, entry: AuditEntry) -> Result<(), StoreError> {
                self.write(move |sql| rows::note(sql, &entry)).await
            }

            async fn audit(&self, filter: AuditFilter, count: usize) -> Result<Vec<AuditEntry>, StoreError> {
                self.read(move |sql| rows::audit(sql, &filter, count)).await
            }
        }
    };
}

administers!(SqliteStore);
administers!(ToolStore);
