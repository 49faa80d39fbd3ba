"""Customers and their contacts: people without an account, reached by mail and telephone."""

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship

from models.ground.db import Base, db
from models.ground.words import holding


class Customer(Base):
    """A company or department that the desk serves."""

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    policy_name: Mapped[str | None] = mapped_column(String(40))  # None: no policy of its own
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    contacts: Mapped[list["Contact"]] = relationship(back_populates="customer", order_by="Contact.id")
    __mapper_args__ = {"version_id_col": version}


class Contact(Base):
    """Somebody at a customer who reports and confirms."""

    __tablename__ = "contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    handle: Mapped[str] = mapped_column(String(80), default="")  # chat account, WX_…
    locale: Mapped[str] = mapped_column(String(8), default="zh")
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    customer: Mapped[Customer] = relationship(back_populates="contacts", lazy="joined")
    __mapper_args__ = {"version_id_col": version}


def find_contacts(q: str, *, limit: int) -> list[Contact]:
    """Active contacts whose name, customer, telephone or address hold every word, the shortest names first."""
    wanted = select(Contact).join(Customer).where(Contact.active)
    wanted = wanted.order_by(func.length(Contact.name), Contact.name, Contact.id).limit(limit)
    texts = (Contact.name, Contact.phone, Contact.email, Contact.handle, Customer.name)
    return list(db.session.scalars(holding(wanted, q, *texts).options(contains_eager(Contact.customer))))
