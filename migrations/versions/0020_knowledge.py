"""Search knows in which place a word stands; an article has a workaround, versions and the words it is suggested by."""

import json

import sqlalchemy as sa
from alembic import op

from migrations import search_0020

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('article', 'article_revision'):
        op.add_column(table, sa.Column('workaround', sa.Text(), nullable=False, server_default=''))
        op.add_column(table, sa.Column('versions', sa.String(length=200), nullable=False, server_default=''))
    for column in ('not_helped', 'reused'):
        op.add_column('article', sa.Column(column, sa.Integer(), nullable=False, server_default='0'))
    op.create_table(
        'article_word',
        sa.Column('word', sa.String(length=40), nullable=False),
        sa.Column('article_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['article_id'], ['article.id'], name='fk_article_word_article_id_article'),
        sa.PrimaryKeyConstraint('word', 'article_id', name='pk_article_word'),
    )
    op.create_index('ix_article_word_article_id', 'article_word', ['article_id'])
    _count_reuse()
    search_0020.make_new()
    search_0020.fill_articles()


def downgrade() -> None:
    search_0020.make_old()
    op.drop_table('article_word')
    for table in ('article', 'article_revision'):
        for column in ('versions', 'workaround'):
            op.drop_column(table, column)
    for column in ('reused', 'not_helped'):
        op.drop_column('article', column)


def _count_reuse() -> None:
    """From the chain: which article helped with which ticket."""
    bind = op.get_bind()
    for (said,) in bind.execute(sa.text("SELECT details FROM event WHERE name = 'solution_reused'")).all():
        details = said if isinstance(said, dict) else json.loads(said)
        bind.execute(sa.text('UPDATE article SET reused = reused + 1 WHERE id = :id'), {'id': details.get('article')})
